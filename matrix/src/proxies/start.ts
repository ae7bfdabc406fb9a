import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findProgram, SEARCH_PATH, versionOf } from '../programs.js';
import type { ProxyKind } from './kind.js';

const START_LIMIT_MS = 20_000;
/** So long it may take to end by itself. */
const PATIENCE_MS = 1_000;

/** A proxy that is listening. */
export interface RunningProxy {
  readonly version: string;
  port(front: string): number;
  close(): Promise<void>;
}

/** @throws NotOnThisMachine if its program is not here; Error if it does not start. */
export async function startProxy(
  kind: ProxyKind,
  { target, idleSeconds }: { readonly target: number; readonly idleSeconds: number },
): Promise<RunningProxy> {
  const program = findProgram(kind.program, kind.debian);
  const version = await versionOf(program, kind.version);
  const folder = await mkdtemp(join(tmpdir(), 'holdopen-matrix-'));
  // Some of them step down from root and write here still.
  await chmod(folder, 0o777);
  const ports = new Map<string, number>();
  for (const { name } of kind.fronts) ports.set(name, await freePort());
  const port = (front: string): number => {
    const found = ports.get(front);
    if (found === undefined) throw new Error(`${kind.name} has no front "${front}"`);
    return found;
  };
  const place = { target, idleSeconds, folder, port };
  for (const [name, text] of Object.entries(kind.configure(place))) {
    await writeFile(join(folder, name), text);
  }
  const child = spawn(program, kind.args(place), {
    cwd: folder,
    // Caddy writes to its HOME.
    env: { ...process.env, PATH: SEARCH_PATH, HOME: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // Not `close`: what it has started may keep its outputs open.
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve()).once('error', () => resolve());
  });
  // Whoever interrupts the matrix is not left with proxies.
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const close = async (): Promise<void> => {
    child.kill('SIGTERM');
    const impatience = setTimeout(kill, PATIENCE_MS);
    await exited;
    clearTimeout(impatience);
    process.off('exit', kill);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await untilListening(kind.name, child, [...ports.values()]);
  } catch (error) {
    const log = await readFile(join(folder, 'error.log'), 'utf8').catch(() => '');
    await close();
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${reason} ${log.slice(-500)}`.trim(), { cause: error });
  }
  return { version, port, close };
}

async function untilListening(name: string, child: ChildProcess, ports: number[]): Promise<void> {
  let complaint = '';
  let failure: Error | undefined;
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (text: Buffer) => {
      complaint = (complaint + text).slice(-1_000);
    });
  }
  child.once('error', (error) => {
    failure = error;
  });
  child.once('exit', (code) => {
    failure ??= new Error(`${name} ended with ${code}: ${complaint.trim()}`);
  });
  const deadlineMs = performance.now() + START_LIMIT_MS;
  while (performance.now() < deadlineMs) {
    if (failure !== undefined) throw failure;
    if ((await Promise.all(ports.map(accepts))).every(Boolean)) return;
    await delay(50);
  }
  throw new Error(`${name} did not listen within ${START_LIMIT_MS / 1_000} s: ${complaint.trim()}`);
}

/** None of them can choose a port and say which. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
