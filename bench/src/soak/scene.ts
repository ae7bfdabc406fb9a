// The servers of the soak and the ways to them.
import { createFaultyPath, type FaultSpec } from '@holdopen/faulty-path';
import { startNginx } from '../../../examples/agent-server/src/demo/nginx.js';
import { Child } from '../child.js';
import type { Sample } from './samples.js';
import type { SoakAdapter, SoakServer } from './server.js';
import { MAX_SILENT_MS } from './task.js';

export type Path = 'direct' | 'nginx' | 'faulty';

export interface Place {
  readonly adapter: SoakAdapter;
  readonly path: Path;
  readonly url: string;
}

const ADAPTERS: readonly SoakAdapter[] = ['node', 'express', 'fastify', 'hono', 'fetch'];
/** Forty times as often as by default, so that an hour sees the beats of a day and a half. */
const INTERVAL_MS = 200;
/** Less than most silences: without beats little would come through. */
const IDLE_MS = MAX_SILENT_MS / 3;

const FAULTS: readonly FaultSpec[] = [
  { type: 'idle-kill', afterMs: IDLE_MS },
  { type: 'latency', delayMs: [0, 30], jitterMs: 10, chance: 0.3 },
  { type: 'throttle', bytesPerSecond: [4_000, 40_000], chance: 0.2 },
  { type: 'burst', everyMs: [50, 300], chance: 0.1 },
  { type: 'cut', atByte: [100, 4_000], how: 'rst', chance: 0.15 },
  { type: 'cut', atByte: [100, 4_000], how: 'fin', chance: 0.1 },
  { type: 'total-kill', afterMs: [500, 5_000], chance: 0.15 },
];

export class Scene {
  readonly places: Place[] = [];
  readonly #servers = new Map<SoakAdapter, Child<SoakServer>>();
  readonly #closing: (() => Promise<unknown>)[] = [];
  readonly #startedMs = performance.now();

  /** One server for each adapter, with nginx and a path that breaks before it. */
  static async open(seed: number | undefined): Promise<Scene> {
    const scene = new Scene();
    try {
      for (const adapter of ADAPTERS) await scene.#add(adapter, seed);
    } catch (error) {
      await scene.close();
      throw error;
    }
    return scene;
  }

  async #add(adapter: SoakAdapter, seed: number | undefined): Promise<void> {
    const script = new URL('./server.ts', import.meta.url);
    const server = new Child<SoakServer>(script, [adapter, String(INTERVAL_MS)]);
    this.#closing.push(() => server.stop());
    this.#servers.set(adapter, server);
    const port = await server.ask('port');
    const nginx = await startNginx({ targetPort: port, idleMs: IDLE_MS });
    this.#closing.push(() => nginx.close());
    const faulty = await createFaultyPath({
      target: port,
      faults: FAULTS,
      ...(seed !== undefined && { seed }),
    });
    this.#closing.push(() => faulty.close());
    const url = (to: number): string => `http://127.0.0.1:${to}/`;
    this.places.push(
      { adapter, path: 'direct', url: url(port) },
      { adapter, path: 'nginx', url: url(nginx.port) },
      { adapter, path: 'faulty', url: url(faulty.port) },
    );
  }

  async sample(): Promise<Sample[]> {
    const samples: Sample[] = [];
    for (const [adapter, server] of this.#servers) {
      const sample = await server.ask('sample');
      samples.push({ ...sample, adapter, atMs: performance.now() - this.#startedMs });
    }
    return samples;
  }

  async close(): Promise<void> {
    for (const close of this.#closing.reverse()) await close();
  }
}
