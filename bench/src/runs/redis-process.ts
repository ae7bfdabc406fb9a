import { findPrograms, freePort, startProgram } from '../../../test/support/program.js';

const PROGRAM = 'redis-server';

export function hasRedis(): boolean {
  return findPrograms(PROGRAM).length > 0;
}

/** A Redis of its own on a free port that keeps everything in memory and writes nothing to disk. */
export class RedisProcess {
  readonly url: string;
  readonly stop: () => Promise<void>;

  private constructor(port: number, stop: () => Promise<void>) {
    this.url = `redis://127.0.0.1:${port}`;
    this.stop = stop;
  }

  static async start(): Promise<RedisProcess> {
    const port = await freePort();
    const { close } = await startProgram({
      program: PROGRAM,
      ports: [port],
      files: () => ({}),
      args: (folder) => [
        ...['--port', String(port), '--bind', '127.0.0.1'],
        ...['--dir', folder, '--save', '', '--appendonly', 'no'],
      ],
    });
    return new RedisProcess(port, close);
  }
}
