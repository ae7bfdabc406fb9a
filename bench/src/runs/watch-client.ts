// Many clients that watch, in a process of their own.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { answer } from '../child.js';
import { quantile } from '../statistics.js';
import { LiveWatcher } from './live-watcher.js';
import { StreamReader } from './stream-reader.js';

/** Runs that are being started at the same time. */
const STARTS_AT_ONCE = 32;
/** How long anything may take. */
const PATIENCE_MS = 60_000;

export interface Attaching {
  readonly port: number;
  /** One for each watcher. */
  readonly paths: readonly string[];
  /** How many ask at the same time. */
  readonly atOnce: number;
}

/** Milliseconds. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
}

let watchers: LiveWatcher[] = [];

function latencyOf(samples: readonly number[]): Latency {
  return { p50: quantile(samples, 0.5), p99: quantile(samples, 0.99) };
}

async function inParallel<T>(
  all: readonly T[],
  atOnce: number,
  action: (one: T) => Promise<void>,
): Promise<void> {
  const left = [...all];
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let one = left.shift(); one !== undefined; one = left.shift()) await action(one);
    }),
  );
}

async function inTime<T>(action: Promise<T>, late: () => string): Promise<T> {
  let handle: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    handle = setTimeout(() => reject(new Error(late())), PATIENCE_MS);
  });
  try {
    return await Promise.race([action, tooLate]);
  } finally {
    clearTimeout(handle);
  }
}

const commands = {
  /** Starts so many live streams as runs and leaves them. Gives where their events are. */
  async start(port: number, count: number): Promise<string[]> {
    const paths: string[] = [];
    const names = Array.from({ length: count }, () => randomUUID());
    await inParallel(names, STARTS_AT_ONCE, async (name) => {
      const headers = { 'Idempotency-Key': name };
      const reader = new StreamReader({ port, path: '/live', method: 'POST', headers });
      await reader.until('{"n":0,');
      paths.push(`${await reader.run()}/events`);
      reader.leave();
    });
    return paths;
  },
  /** From the request to the first event, over connections that are open. */
  async attach({ port, paths, atOnce }: Attaching): Promise<Latency> {
    await inParallel(paths, 100, async (path) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      await once(socket, 'connect');
      watchers.push(new LiveWatcher(socket, path));
    });
    const samples: number[] = [];
    const all = inParallel(watchers, atOnce, async (watcher) => {
      samples.push(await watcher.attach());
    });
    await inTime(all, () => `${samples.length} of ${watchers.length} watchers have an event`);
    return latencyOf(samples);
  },
  /** From the making of this event until each watcher has it. */
  async heard(n: number): Promise<Latency> {
    let count = 0;
    const all = watchers.map(async (watcher) => {
      const latencyMs = await watcher.heard(n);
      count += 1;
      return latencyMs;
    });
    const late = () => `${count} of ${watchers.length} watchers have event ${n}`;
    return latencyOf(await inTime(Promise.all(all), late));
  },
  leave(): void {
    for (const watcher of watchers) watcher.leave();
    watchers = [];
  },
};
export type WatchClient = typeof commands;
answer(commands);
