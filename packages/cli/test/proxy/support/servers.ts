// Servers that know nothing of holdopen, in other languages.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { until } from './until.js';

/** Python's own http.server. Gives its port. */
export async function startPython(silenceS: number): Promise<number> {
  const script = fileURLToPath(new URL('../servers/slow.py', import.meta.url));
  const child = spawn('python3', [script, String(silenceS)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  await until('Python listens', () => text.endsWith('\n'));
  return Number(text);
}

/**
 * `webhook`, a server in Go that Debian has built: a compiler of Go would be 60 times as large. It
 * answers when its command has ended. Gives its port.
 */
export async function startGo(silenceS: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'webhook-'));
  const hooks = join(folder, 'hooks.json');
  const command = `sleep ${silenceS}; printf '{"answer":42,"asked":"hello"}'`;
  writeFileSync(
    hooks,
    JSON.stringify([
      {
        id: 'slow',
        'execute-command': '/bin/sh',
        'include-command-output-in-response': true,
        'response-headers': [{ name: 'Content-Type', value: 'application/json' }],
        'pass-arguments-to-command': [
          { source: 'string', name: '-c' },
          { source: 'string', name: command },
        ],
      },
    ]),
  );
  const port = await freePort();
  const child = spawn(
    'webhook',
    ['-hooks', hooks, '-ip', '127.0.0.1', '-port', String(port), '-urlprefix', 'v1'],
    { stdio: 'ignore' },
  );
  onTestFinished(() => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  let listens = false;
  const look = (): void => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      listens = true;
      socket.destroy();
    });
    socket.once('error', () => setTimeout(look, 20));
  };
  look();
  await until('webhook listens', () => listens);
  return port;
}

/** It cannot choose a port and say which. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
