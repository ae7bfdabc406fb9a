/** Programs that others wrote, started for a test, a benchmark or the matrix. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Debian keeps servers in /usr/sbin, which is not on everyone's PATH. */
export const SEARCH_PATH = [process.env.PATH, '/usr/local/sbin', '/usr/sbin'].join(delimiter);

const START_LIMIT_MS = 20_000;
/** So long it may take to end by itself. */
const PATIENCE_MS = 1_000;

/** Where programs of this name are, the one that a shell would start first. */
export function findPrograms(name: string): string[] {
  return SEARCH_PATH.split(delimiter)
    .map((folder) => join(folder, name))
    .filter((file) => existsSync(file));
}

/** For programs that cannot choose a port and say which. */
export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1);
  return port;
}

/** As many, each another. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  for (const server of servers) server.close();
  await Promise.all(servers.map((server) => once(server, 'close')));
  return ports;
}

export interface ProgramSetup {
  /** A name on the search path, or a file. */
  readonly program: string;
  /** Where it is to listen: it has started when it accepts connections on all of them. */
  readonly ports: readonly number[];
  /** What it finds in its folder, by name. */
  files(folder: string): Readonly<Record<string, string>>;
  args(folder: string): readonly string[];
  /**
   * It is killed with all that it has started, the workers of Apache and nghttpx too. But a terminal's
   * Ctrl-C does not reach it then: only for programs that hear it and end by `process.exit`.
   */
  readonly inOwnGroup?: boolean;
}

export interface RunningProgram {
  close(): Promise<void>;
}

export interface WatchedProgram extends RunningProgram {
  /** @throws Error with its exit code if it has ended by itself. */
  check(): void;
}

/** @throws Error with what it complained of, if it does not start. */
export async function startProgram(setup: ProgramSetup): Promise<WatchedProgram> {
  const folder = await mkdtemp(join(tmpdir(), 'holdopen-program-'));
  // Some of them step down from root and write here still.
  await chmod(folder, 0o777);
  for (const [name, text] of Object.entries(setup.files(folder))) {
    await writeFile(join(folder, name), text);
  }
  const child = spawn(setup.program, setup.args(folder), {
    cwd: folder,
    // Caddy writes to its HOME.
    env: { ...process.env, PATH: SEARCH_PATH, HOME: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: setup.inOwnGroup ?? false,
  });
  // Not `close`: what it has started may keep its outputs open.
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve()).once('error', () => resolve());
  });
  const kill = (): void => {
    if (setup.inOwnGroup === true) killGroup(child);
    else child.kill('SIGKILL');
  };
  // Whoever interrupts us is left neither with it nor with its folder.
  const abandon = (): void => {
    kill();
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', abandon);
  const close = async (): Promise<void> => {
    child.kill('SIGTERM');
    const impatience = setTimeout(kill, PATIENCE_MS);
    await exited;
    clearTimeout(impatience);
    // One that was killed by somebody else has left its workers.
    if (setup.inOwnGroup === true) killGroup(child);
    process.off('exit', abandon);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await untilListening(setup, child);
  } catch (error) {
    const log = await readFile(join(folder, 'error.log'), 'utf8').catch(() => '');
    await close();
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${reason} ${log.slice(-500)}`.trim(), { cause: error });
  }
  const check = (): void => {
    if (child.exitCode === null && child.signalCode === null) return;
    throw new Error(`${setup.program} ended with ${child.exitCode ?? child.signalCode}`);
  };
  return { check, close };
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has gone.
  }
}

async function untilListening({ program, ports }: ProgramSetup, child: ChildProcess) {
  let complaint = '';
  let failure: Error | undefined;
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (text: Buffer) => {
      complaint = (complaint + text).slice(-2_000);
    });
  }
  child.once('error', (error) => {
    failure = error;
  });
  child.once('exit', (code) => {
    failure ??= new Error(`${program} ended with ${code}: ${complaint.trim()}`);
  });
  const deadlineMs = performance.now() + START_LIMIT_MS;
  while (performance.now() < deadlineMs) {
    if (failure !== undefined) throw failure;
    if ((await Promise.all(ports.map(accepts))).every(Boolean)) return;
    await delay(20);
  }
  throw new Error(
    `${program} did not listen within ${START_LIMIT_MS / 1_000} s: ${complaint.trim()}`,
  );
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
