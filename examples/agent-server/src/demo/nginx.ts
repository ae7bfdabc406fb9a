import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { UsageError } from './options.js';

export interface Nginx {
  readonly port: number;
  close(): Promise<void>;
}

export interface NginxOptions {
  readonly targetPort: number;
  readonly idleMs: number;
  /** The port on 127.0.0.1 to listen on. A free one by default. */
  readonly port?: number;
}

const START_LIMIT_MS = 10_000;

/**
 * A real nginx in front of the server, with its defaults but for the time-out. Throws `UsageError` if
 * there is no nginx on this machine.
 */
export async function startNginx({ targetPort, idleMs, port = 0 }: NginxOptions): Promise<Nginx> {
  const program = findNginx();
  const listenPort = await freePort(port);
  const prefix = await mkdtemp(join(tmpdir(), 'holdopen-nginx-'));
  await writeFile(join(prefix, 'nginx.conf'), configuration(listenPort, targetPort, idleMs));
  const nginx = spawn(program, ['-p', prefix, '-c', 'nginx.conf'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = new Promise<void>((resolve) => nginx.once('close', () => resolve()));

  const close = async () => {
    nginx.kill('SIGTERM');
    await exited;
    await rm(prefix, { recursive: true, force: true });
  };
  try {
    await untilListening(nginx, listenPort);
  } catch (error) {
    await close();
    throw error;
  }
  return { port: listenPort, close };
}

// One process in the foreground, so that its end is the end of nginx. All paths are relative to the
// prefix, so that no right is needed but that to write there.
const configuration = (port: number, targetPort: number, idleMs: number) => `
daemon off;
master_process off;
pid nginx.pid;
error_log stderr crit;
events {}
http {
  access_log off;
  client_body_temp_path client_body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://127.0.0.1:${targetPort};
      proxy_read_timeout ${idleMs}ms;
    }
  }
}
`;

function findNginx(): string {
  // Debian keeps servers in /usr/sbin, which is not on everyone's PATH.
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin'];
  for (const folder of folders) {
    const program = join(folder, 'nginx');
    try {
      accessSync(program, constants.X_OK);
      return program;
    } catch {}
  }
  throw new UsageError(
    'there is no nginx on this machine. Get it and try again, or leave --nginx out:\n' +
      '  Debian, Ubuntu:  sudo apt-get install --no-install-recommends nginx\n' +
      '  macOS:           brew install nginx',
  );
}

/**
 * nginx cannot choose a port and say which, and tries for seconds to get one that is taken. Rejects
 * with EADDRINUSE if the port is.
 */
async function freePort(wanted: number): Promise<number> {
  const server = createServer().listen(wanted, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function untilListening(nginx: ChildProcess, port: number): Promise<void> {
  let complaint = '';
  nginx.stderr?.on('data', (text: Buffer) => {
    complaint += text;
  });
  let failure: Error | undefined;
  nginx.once('error', (error) => {
    failure = error;
  });
  nginx.once('close', (code) => {
    failure ??= new Error(`nginx ended with exit code ${code}: ${complaint.trim()}`);
  });

  const deadline = performance.now() + START_LIMIT_MS;
  while (performance.now() < deadline) {
    if (failure !== undefined) throw failure;
    if (await accepts(port)) return;
    await delay(20);
  }
  throw new Error(`nginx did not listen within ${START_LIMIT_MS} ms. ${complaint.trim()}`);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
