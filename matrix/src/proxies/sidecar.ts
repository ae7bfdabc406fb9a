import { createFaultyPath } from '@holdopen/faulty-path';
import { createProxy } from 'holdopen';
import { installedVersion } from '../programs.js';
import { HELD_CASES, INTERVAL_MS, MatrixServer } from '../server/server.js';

/** Our own proxy before a server that knows nothing of holdopen, behind a hop that drops what is idle. */
export async function startSidecar(idleMs: number) {
  const server = await MatrixServer.start('plain');
  const sidecar = await createProxy({
    target: `http://127.0.0.1:${server.port}`,
    listen: '127.0.0.1:0',
    routes: Object.entries(HELD_CASES).map(([name, options]) => ({
      route: `/plain/${name}/*`,
      ...options,
    })),
    hold: { intervalMs: INTERVAL_MS, onBeat: server.onBeat, onLateOutcome: () => {} },
  });
  const path = await createFaultyPath({
    target: sidecar.url,
    faults: [{ type: 'idle-kill', afterMs: idleMs }],
  });
  const close = async (): Promise<void> => {
    await path.close();
    sidecar.destroy();
    await server.close();
  };
  return { version: installedVersion('holdopen'), front: { port: path.port, server }, close };
}
