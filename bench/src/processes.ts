import { Child, type Commands } from './child.js';
import { RedisProcess } from './runs/redis-process.js';
import type { Mount, RunServer } from './runs/run-server.js';

const RUNS = new URL('./runs/', import.meta.url);

/** The processes of one run, which end together. */
export class Processes {
  readonly #all: { stop(): Promise<void> }[] = [];
  readonly #redis: RedisProcess | undefined;

  private constructor(redis: RedisProcess | undefined) {
    this.#redis = redis;
    if (redis !== undefined) this.#all.push(redis);
  }

  static async open(withRedis: boolean): Promise<Processes> {
    return new Processes(withRedis ? await RedisProcess.start() : undefined);
  }

  get redisUrl(): string {
    if (this.#redis === undefined) throw new Error('these processes have no Redis');
    return this.#redis.url;
  }

  /** A fetch server. */
  server(mount: Mount): Child<RunServer> {
    return this.start('run-server.ts', mount === 'redis' ? [mount, this.redisUrl] : [mount]);
  }

  /** A script, by its name if it is one of `runs`. */
  start<C extends Commands>(script: string | URL, args: readonly string[] = []): Child<C> {
    const child = new Child<C>(new URL(script, RUNS), args);
    this.#all.push(child);
    return child;
  }

  close(): Promise<unknown> {
    return Promise.all(this.#all.map((one) => one.stop()));
  }
}
