import { inTurns } from '../in-turns.js';
import { IDLE_SECONDS, probed, rowOfFailure, summary } from '../probe/probed.js';
import { PROBE_COLUMNS, type ProbeColumn } from '../probe/questions.js';
import { WAITS } from '../probe/weigh.js';
import { nodeApp } from '../server/apps/node.js';
import { type Backend, startBackend } from '../server/backend.js';
import type { Row, Table } from '../table.js';
import { PROXIES } from './all.js';
import { rowsOfProxy } from './fronts.js';
import { DIRECT, SIDECAR } from './names.js';
import { startSidecar } from './sidecar.js';

/** Proxies at once: they wait, mostly, but their lateness is measured. */
const AT_ONCE = 3;

/** Asks every proxy everything. `say` is told of each as it is done. */
export async function runProxies(
  names: readonly string[],
  say: (text: string) => void,
): Promise<Table<ProbeColumn>> {
  const server = await startBackend(nodeApp);
  try {
    const rows = await inTurns(names, AT_ONCE, async (name) => {
      const rowsOfName = await rowsOf(name, server);
      for (const row of rowsOfName) say(summary(row));
      return rowsOfName;
    });
    return { columns: PROBE_COLUMNS, rows: rows.flat() };
  } finally {
    await server.close();
  }
}

async function rowsOf(name: string, server: Backend): Promise<readonly Row<ProbeColumn>[]> {
  try {
    if (name === SIDECAR) return [await sidecarRow()];
    const { port: target, seen } = server;
    const kind = PROXIES.find((one) => one.name === name);
    if (kind !== undefined) {
      const targets = { target, targetHttp2: 0, idleSeconds: IDLE_SECONDS };
      return await rowsOfProxy(kind, { ...targets, version: '1.1', seen });
    }
    const cells = await probed({ origin: `http://127.0.0.1:${target}`, seen }, WAITS);
    return [{ name: DIRECT, version: '', cells }];
  } catch (error) {
    return [rowOfFailure(name, error)];
  }
}

async function sidecarRow(): Promise<Row<ProbeColumn>> {
  const { version, impatient, seen, close } = await startSidecar(IDLE_SECONDS * 1_000);
  try {
    const cells = await probed({ origin: `http://127.0.0.1:${impatient}`, seen });
    return { name: SIDECAR, version, cells };
  } finally {
    await close();
  }
}
