// Counts the requests of which something is left once they are over, for each way to be over, and
// prints them as JSON. Run it with --expose-gc. It must then end by itself.
import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import http, { type ClientRequest, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { holdOpen } from '@holdopen/node';

const REQUESTS = 20;
const PENDING_PATH = '/pending';
const COLLECTED_WITHIN_MS = 3_000;
const ENDED_WITHIN_MS = 3_000;

const BEFORE_BEAT_MS = 600_000;
const AFTER_BEAT_MS = 50;

type Ending = (res: ServerResponse, client: ClientRequest) => void;

const ENDINGS = {
  'are finished': (res) => res.end('x'),
  'are streamed': (res) => {
    res.writeHead(200, { 'Content-Type': 'text/event-stream' });
    res.write('data: x\n\n', () => res.end());
  },
  'their handler destroys': (res) => res.destroy(),
  'their client leaves before they begin': (_res, client) => client.destroy(),
  'their client leaves in the middle': (res, client) => {
    res.writeHead(200, { 'Content-Type': 'text/event-stream' });
    res.write('data: x\n\n', () => client.destroy());
  },
  'are finished after a beat': (res, client) => {
    client.once('response', (response) => response.once('data', () => res.end('{}')));
  },
  'their client leaves after a beat': (_res, client) => {
    client.once('response', (response) => response.once('data', () => client.destroy()));
  },
} as const satisfies Record<string, Ending>;

export interface Remnants {
  readonly ending: string;
  readonly requests: number;
  /** Of how many of them anything is left. */
  readonly left: number;
}

const storage = new AsyncLocalStorage<object>();

class Scenario {
  readonly #remains: WeakRef<object>[][] = [];
  readonly #clients = new Map<string, ClientRequest>();
  readonly #server: Server;

  constructor(end: Ending, intervalMs: number) {
    const listener = holdOpen(
      (req, res) => {
        const client = this.#clients.get(req.url ?? '');
        if (client === undefined) return;
        const objects = [req, res, req.holdOpen ?? {}, storage.getStore() ?? {}];
        this.#remains.push(objects.map((object) => new WeakRef(object)));
        end(res, client);
      },
      // With a hook the request's async context is kept for it.
      { intervalMs, onBeat() {} },
    );
    this.#server = http.createServer((req, res) => {
      storage.run({ request: req.url }, () => listener(req, res));
    });
  }

  async run(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    // It keeps the clock going.
    this.#get(PENDING_PATH);
    await once(this.#server, 'request');
    await Promise.all(Array.from({ length: REQUESTS }, (_, index) => this.#request(`/${index}`)));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #get(path: string): ClientRequest {
    const { port } = this.#server.address() as AddressInfo;
    const client = http.get({ port, path, host: '127.0.0.1', agent: false });
    client.on('error', () => {});
    client.on('response', (response) => response.on('error', () => {}).resume());
    return client;
  }

  async #request(path: string): Promise<void> {
    const client = this.#get(path);
    this.#clients.set(path, client);
    await new Promise((resolve) => client.once('close', resolve));
    this.#clients.delete(path);
  }

  /** Waits until nothing is left but what Node itself keeps of one request. */
  async count(): Promise<Pick<Remnants, 'requests' | 'left'>> {
    const deadline = performance.now() + COLLECTED_WITHIN_MS;
    for (;;) {
      // What a WeakRef was asked for cannot be collected in the same turn.
      await sleep(1);
      globalThis.gc?.();
      const left = this.#remains.filter((refs) => refs.some((ref) => ref.deref() !== undefined));
      if (left.length <= 1 || performance.now() > deadline) {
        return { requests: this.#remains.length, left: left.length };
      }
    }
  }
}

const reports: Remnants[] = [];

async function report(ending: string, end: Ending, intervalMs: number): Promise<void> {
  const scenario = new Scenario(end, intervalMs);
  await scenario.run();
  reports.push({ ending, ...(await scenario.count()) });
  await scenario.close();
}

for (const [ending, end] of Object.entries(ENDINGS)) await report(ending, end, AFTER_BEAT_MS);
for (const ending of ['are finished', 'are streamed'] as const) {
  await report(`${ending} long before a beat`, ENDINGS[ending], BEFORE_BEAT_MS);
}

// The clock still waits for these, and must not keep the process alive for it.
for (const ending of ['their handler destroys', 'their client leaves in the middle'] as const) {
  const scenario = new Scenario(ENDINGS[ending], BEFORE_BEAT_MS);
  await scenario.run();
  await scenario.close();
}

process.stdout.write(JSON.stringify(reports));
setTimeout(() => {
  console.error('kept alive by', process.getActiveResourcesInfo());
  process.exit(1);
}, ENDED_WITHIN_MS).unref();
