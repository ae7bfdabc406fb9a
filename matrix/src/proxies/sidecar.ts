import { createFaultyPath } from '@holdopen/faulty-path';
import { createProxy } from 'holdopen';
import { installedVersion } from '../programs.js';
import { plainApp } from '../server/apps/node.js';
import { type Backend, startBackend } from '../server/backend.js';
import { HELD_CASES, INTERVAL_MS } from '../server/cases.js';
import { Stage } from '../server/stage.js';

export interface RunningSidecar extends Backend {
  readonly version: string;
  /** A hop in front of it that drops what is idle. */
  readonly impatient: number;
}

/** Our own proxy before a server that knows nothing of holdopen. */
export async function startSidecar(idleMs: number): Promise<RunningSidecar> {
  const stage = new Stage();
  const server = await startBackend(() => plainApp(stage));
  const sidecar = await createProxy({
    target: `http://127.0.0.1:${server.port}`,
    listen: '127.0.0.1:0',
    routes: Object.entries(HELD_CASES).map(([name, options]) => ({
      route: `/plain/${name}/*`,
      ...options,
    })),
    hold: { intervalMs: INTERVAL_MS, onBeat: stage.onBeat, onLateOutcome: () => {} },
  });
  const path = await createFaultyPath({
    target: sidecar.url,
    faults: [{ type: 'idle-kill', afterMs: idleMs }],
  });
  return {
    version: installedVersion('holdopen'),
    port: Number(new URL(sidecar.url).port),
    impatient: path.port,
    seen: async (id) => stage.seen(id),
    async close() {
      await path.close();
      sidecar.destroy();
      await server.close();
    },
  };
}
