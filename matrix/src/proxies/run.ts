import type { ProbedFront } from '../probe/front.js';
import {
  PROXY_COLUMNS,
  type ProxyCells,
  type ProxyColumn,
  probe,
  type Timing,
} from '../probe/questions.js';
import { NotOnThisMachine } from '../programs.js';
import { MatrixServer } from '../server/server.js';
import { inTurns, type Row, type Table, wordsOf } from '../table.js';
import { PROXIES } from './all.js';
import type { ProxyKind } from './kind.js';
import { startSidecar } from './sidecar.js';
import { startProxy } from './start.js';

/** The least that all of them can count. */
const IDLE_SECONDS = 2;
/** Three times as long, for lighttpd gives up at up to twice its time-out. */
const TIMING: Timing = { workMs: 3 * IDLE_SECONDS * 1_000, leavesAfterMs: 1_200 };
/** Proxies at once: they wait, mostly, but their lateness is measured. */
const AT_ONCE = 3;

const DIRECT = 'nothing in between';
const SIDECAR = 'holdopen proxy';

export const PROXY_NAMES: readonly string[] = [DIRECT, ...PROXIES.map(({ name }) => name), SIDECAR];

type Rows = readonly Row<ProxyColumn>[];

/** Asks every proxy everything. `say` is told of each as it is done. */
export async function runProxies(
  names: readonly string[],
  say: (text: string) => void,
): Promise<Table<ProxyColumn>> {
  const server = await MatrixServer.start('held');
  try {
    const rows = await inTurns(names, AT_ONCE, async (name) => {
      const rowsOfName = await rowsOf(name, server);
      for (const row of rowsOfName) say(summary(row));
      return rowsOfName;
    });
    return { columns: PROXY_COLUMNS, rows: rows.flat() };
  } finally {
    await server.close();
  }
}

async function rowsOf(name: string, server: MatrixServer): Promise<Rows> {
  try {
    if (name === SIDECAR) return await sidecarRows();
    const kind = PROXIES.find((one) => one.name === name);
    if (kind !== undefined) return await kindRows(kind, server);
    const cells = await probed({ port: server.port, server });
    return [{ name: DIRECT, version: '', cells }];
  } catch (error) {
    if (error instanceof NotOnThisMachine) return [{ name, absent: error.message }];
    return [{ name, failed: wordsOf(error) }];
  }
}

async function kindRows(kind: ProxyKind, server: MatrixServer): Promise<Rows> {
  const proxy = await startProxy(kind, { target: server.port, idleSeconds: IDLE_SECONDS });
  try {
    return await Promise.all(
      kind.fronts.map(async ({ name, acceptsGzip }) => ({
        name: name === '' ? kind.name : `${kind.name}, \`${name}\``,
        version: proxy.version,
        cells: await probed({ port: proxy.port(name), acceptsGzip, server }),
      })),
    );
  } finally {
    await proxy.close();
  }
}

async function sidecarRows(): Promise<Rows> {
  const { version, front, close } = await startSidecar(IDLE_SECONDS * 1_000);
  try {
    return [{ name: SIDECAR, version, cells: await probed(front) }];
  } finally {
    await close();
  }
}

/** What a busy machine brings too late comes in time once more; a fault is there again. */
async function probed(front: ProbedFront): Promise<ProxyCells> {
  const cells = await probe(front, TIMING);
  const isBad = Object.values(cells).some(({ verdict }) => verdict === 'bad');
  return isBad ? probe(front, TIMING) : cells;
}

function summary(row: Row<ProxyColumn>): string {
  if ('absent' in row) return `${row.name}: not on this machine: ${row.absent}`;
  if ('failed' in row) return `${row.name}: FAILED: ${row.failed}`;
  const cells = PROXY_COLUMNS.map((column) => `${column}: ${row.cells[column].text}`);
  return `${row.name} ${row.version}\n  ${cells.join('\n  ')}`;
}
