import { setTimeout as sleep } from 'node:timers/promises';
import { Child } from './child.js';
import type { IdleClients } from './idle-clients.js';
import type { IdleMode, IdleServer } from './idle-server.js';

const SERVER = new URL('idle-server.ts', import.meta.url);
const CLIENTS = new URL('idle-clients.ts', import.meta.url);
/** Between two beats of a connection. */
export const IDLE_INTERVAL_MS = 1_000;
/** The number of connections that the targets are for. */
export const IDLE_TARGETS_AT = 10_000;
const WARM_UP_CONNECTIONS = 500;
/** Longer than any pause within a burst. */
const SILENCE_MS = 50;
/** Until a server has noticed. */
const CLOSING_MS = 300;
/** Left for what else a process keeps open. */
const OTHER_FILES = 200;

/** One server with all its connections, each end in processes of its own. */
export class IdleGroup {
  readonly #server: Child<IdleServer>;
  readonly #clients: readonly Child<IdleClients>[];
  readonly #connections: number;
  readonly #mode: IdleMode;

  constructor(mode: IdleMode, connections: number) {
    this.#mode = mode;
    this.#connections = connections;
    this.#server = new Child(SERVER, [mode, String(IDLE_INTERVAL_MS)]);
    const processes = Math.ceil(connections / mostConnections());
    this.#clients = Array.from({ length: processes }, () => new Child(CLIENTS));
  }

  async open(): Promise<void> {
    const ports = await this.#server.ask('ports');
    const each = Math.ceil(this.#connections / this.#clients.length);
    try {
      await Promise.all(
        this.#clients.map((clients, i) =>
          clients.ask('open', ports, Math.min(each, this.#connections - i * each)),
        ),
      );
    } catch (cause) {
      throw new Error(`idle: ${this.#mode} did not take ${this.#connections} connections`, {
        cause,
      });
    }
  }

  /**
   * Some come, are beaten and go, so that what the first ones make a process compile and its heap grow by is not
   * counted as memory of those that follow.
   */
  async warmUp(): Promise<void> {
    const [clients] = this.#clients;
    const some = Math.min(WARM_UP_CONNECTIONS, this.#connections);
    await clients?.ask('open', await this.#server.ask('ports'), some);
    await sleep(2.2 * IDLE_INTERVAL_MS);
    await clients?.ask('close');
    await sleep(CLOSING_MS);
  }

  /**
   * Who beats all at once is asked when none of that is under way: CPU that is spent and beats that have not arrived
   * would not belong together. Who spreads its beats is never silent, and needs no such care.
   */
  async usage() {
    const patienceMs = performance.now() + 1.2 * IDLE_INTERVAL_MS;
    let before = await this.#heard();
    for (;;) {
      await sleep(SILENCE_MS);
      const now = await this.#heard();
      if (now === before || performance.now() > patienceMs) break;
      before = now;
    }
    const [cpuUs, beats] = await Promise.all([this.#server.ask('cpuUs'), this.#heard()]);
    return { atMs: performance.now(), cpuUs, beats };
  }

  async #heard(): Promise<number> {
    const heard = await Promise.all(this.#clients.map((clients) => clients.ask('heard')));
    return heard.reduce((sum, one) => sum + one, 0);
  }

  memory() {
    return this.#server.ask('memory');
  }

  /** Meanwhile: how late beats came, and the longest hold-up of the loop of either end. */
  async lateness(wait: () => Promise<void>) {
    await Promise.all(this.#clients.map((clients) => clients.ask('record', IDLE_INTERVAL_MS)));
    await this.#server.ask('watchLoop');
    await wait();
    const loopMaxMs = await this.#server.ask('loopDelayMaxMs');
    const parts = await Promise.all(this.#clients.map((clients) => clients.ask('recorded')));
    const all = parts.map(({ cells }) => cells);
    const cells = (all[0] ?? []).map((_, i) => all.reduce((sum, p) => sum + (p[i] ?? 0), 0));
    return {
      p50Ms: percentile(cells, 0.5),
      p99Ms: percentile(cells, 0.99),
      loopMaxMs,
      clientsLoopMaxMs: Math.max(...parts.map((part) => part.loopMaxMs)),
    };
  }

  async close(): Promise<void> {
    const closed = await Promise.all(this.#clients.map((clients) => clients.ask('closed')));
    const lost = closed.reduce((sum, one) => sum + one, 0);
    if (lost > 0) throw new Error(`${lost} idle connections were closed by their server`);
    await Promise.all(this.#clients.map((clients) => clients.ask('close')));
  }

  async stop(): Promise<void> {
    await Promise.all([this.#server.stop(), ...this.#clients.map((clients) => clients.stop())]);
  }
}

/** As many as a process may have open: Node raises its own limit as far as it may. */
export function mostConnections(): number {
  const report = process.report.getReport() as unknown as {
    userLimits?: { open_files?: { hard?: unknown } };
  };
  const hard = Number(report.userLimits?.open_files?.hard);
  return Number.isFinite(hard) ? hard - OTHER_FILES : 10_000;
}

function percentile(cells: readonly number[], q: number): number {
  const total = cells.reduce((sum, one) => sum + one, 0);
  let seen = 0;
  for (const [i, count] of cells.entries()) {
    seen += count;
    if (total > 0 && seen >= total * q) return i / 10;
  }
  return Number.NaN;
}
