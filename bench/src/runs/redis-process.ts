import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../../test/support/program.js';

const PROGRAM = 'redis-server';
// Debian keeps servers in folders that are not on everyone's PATH.
const PATH = [process.env.PATH, '/usr/local/sbin', '/usr/sbin'].join(delimiter);
const STARTING_MS = 15_000;

export function hasRedis(): boolean {
  return spawnSync(PROGRAM, ['--version'], { env: { ...process.env, PATH } }).error === undefined;
}

/** A Redis of its own on a free port that keeps everything in memory and writes nothing to disk. */
export class RedisProcess {
  readonly url: string;
  readonly #folder: string;
  readonly #process: ChildProcess;

  private constructor(port: number, folder: string) {
    this.url = `redis://127.0.0.1:${port}`;
    this.#folder = folder;
    const files = ['--dir', folder, '--save', '', '--appendonly', 'no'];
    this.#process = spawn(PROGRAM, ['--port', String(port), '--bind', '127.0.0.1', ...files], {
      stdio: 'ignore',
      env: { ...process.env, PATH },
    });
  }

  static async start(): Promise<RedisProcess> {
    const port = await freePort();
    const redis = new RedisProcess(port, await mkdtemp(join(tmpdir(), 'holdopen-bench-')));
    const endsAt = performance.now() + STARTING_MS;
    while (!(await answersOn(port))) {
      if (redis.#process.exitCode !== null || performance.now() > endsAt) {
        await redis.stop();
        throw new Error(`redis-server does not answer on port ${port}`);
      }
      await sleep(10);
    }
    return redis;
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const ended = once(this.#process, 'exit');
      this.#process.kill('SIGKILL');
      await ended;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function answersOn(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    const say = (answers: boolean): void => {
      socket.destroy();
      resolve(answers);
    };
    socket.once('data', (bytes) => say(bytes.toString('latin1').startsWith('+PONG')));
    socket.once('error', () => say(false));
    socket.once('close', () => say(false));
  });
}
