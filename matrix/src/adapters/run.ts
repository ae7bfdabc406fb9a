import { CLIENTS } from '../clients/all.js';
import { askClient } from '../clients/ask.js';
import type { ClientColumn } from '../clients/judge.js';
import type { PreparedClient } from '../clients/kind.js';
import { inTurns } from '../in-turns.js';
import type { ProbedFront } from '../probe/front.js';
import { IDLE_SECONDS, probed, rowOfFailure, summary } from '../probe/probed.js';
import { PROBE_COLUMNS, type ProbeColumn, type Timing } from '../probe/questions.js';
import { type Known, WAITS } from '../probe/weigh.js';
import { NotOnThisMachine } from '../programs.js';
import { nginx } from '../proxies/nginx.js';
import { startProxy } from '../proxies/start.js';
import type { Backend } from '../server/backend.js';
import { type Cell, plain, type Row, type Table } from '../table.js';
import { ADAPTERS, type AdapterKind } from './all.js';

/** Adapters at once, each by itself and behind nginx. */
const AT_ONCE = 3;
/** Clients of each of them. */
const CLIENTS_AT_ONCE = 2;
/** nginx counts its time-out to the millisecond, so less work will do. */
const TIMING: Timing = { workMs: 2 * IDLE_SECONDS * 1_000, leavesAfterMs: 1_200 };

/** Clients in other languages than the adapters', and what they are asked. */
const CLIENT_COLUMNS = {
  httpx: 'json',
  'httpx cut': 'cut',
  curl: 'json',
  'curl cut': 'cut',
} as const;
type FromClient = keyof typeof CLIENT_COLUMNS;
const FROM_CLIENTS = ['httpx', 'httpx cut', 'curl', 'curl cut'] as const satisfies FromClient[];

const THROUGH = ', through nginx';

export type AdapterColumn = ProbeColumn | FromClient;
type Rows = readonly Row<AdapterColumn>[];
/** By the client's name; what is not here, and why. */
type Prepared = ReadonlyMap<string, PreparedClient | string>;

/** Asks every adapter the same, by itself and behind nginx as it comes. */
export async function runAdapters(
  names: readonly string[],
  say: (text: string) => void,
): Promise<Table<AdapterColumn>> {
  const clients: Prepared = names.length === 0 ? new Map() : await prepareClients();
  const kinds = ADAPTERS.filter(({ name }) => names.includes(name));
  const rows = await inTurns(kinds, AT_ONCE, async (kind) => {
    const rowsOfKind = await rowsOf(kind, clients);
    for (const row of rowsOfKind) say(summary(row));
    return rowsOfKind;
  });
  return { columns: [...PROBE_COLUMNS, ...FROM_CLIENTS], rows: rows.flat() };
}

async function prepareClients(): Promise<Prepared> {
  const kinds = CLIENTS.filter(({ name }) => name === 'httpx' || name === 'curl');
  const prepared = kinds.map(
    async ({ name, prepare }): Promise<[string, PreparedClient | string]> => {
      try {
        return [name, await prepare('')];
      } catch (error) {
        if (error instanceof NotOnThisMachine) return [name, error.message];
        throw error;
      }
    },
  );
  return new Map(await Promise.all(prepared));
}

async function rowsOf(kind: AdapterKind, clients: Prepared): Promise<Rows> {
  let server: Backend | undefined;
  try {
    const version = await kind.version();
    const backend = await kind.start();
    server = backend;
    const { port, seen } = backend;
    const row = async (front: ProbedFront, known: Known, through = ''): Promise<Rows[number]> => ({
      name: `${kind.name}${through}`,
      version,
      cells: await cellsOf(front, known, clients),
    });
    const [direct, behind] = await Promise.all([
      row({ origin: `http://127.0.0.1:${port}`, seen }, WAITS),
      behindNginx(backend, (front) => row(front, kind.known, THROUGH)).catch((error) => [
        rowOfFailure(`${kind.name}${THROUGH}`, error),
      ]),
    ]);
    return [direct, ...behind];
  } catch (error) {
    return [rowOfFailure(kind.name, error)];
  } finally {
    await server?.close();
  }
}

async function behindNginx(
  { port: target, seen }: Backend,
  row: (front: ProbedFront) => Promise<Rows[number]>,
): Promise<Rows> {
  const proxy = await startProxy(nginx, {
    target,
    targetHttp2: 0,
    idleSeconds: IDLE_SECONDS,
  }).catch((error) => {
    // That it is not here is said of its own row.
    if (error instanceof NotOnThisMachine) return undefined;
    throw error;
  });
  if (proxy === undefined) return [];
  try {
    const rowOfFront = await row({ origin: `http://127.0.0.1:${proxy.port('')}`, seen });
    // One that died on the way has answered nothing of what came after.
    proxy.check();
    return [rowOfFront];
  } finally {
    await proxy.close();
  }
}

async function cellsOf(
  front: ProbedFront,
  known: Known,
  clients: Prepared,
): Promise<Record<AdapterColumn, Cell>> {
  // Starting clients is work: all at once they would keep our own beats from leaving in time.
  const cells = await probed(front, known, TIMING);
  const fromClients = await inTurns(FROM_CLIENTS, CLIENTS_AT_ONCE, (column) =>
    cellOfClient(front, column, clients),
  );
  const pairs = FROM_CLIENTS.map((column, at) => [column, fromClients[at]]);
  // Every column is in it: it was made of the columns.
  return { ...cells, ...(Object.fromEntries(pairs) as Record<FromClient, Cell>) };
}

async function cellOfClient(
  front: ProbedFront,
  column: FromClient,
  clients: Prepared,
): Promise<Cell> {
  const asked: ClientColumn = CLIENT_COLUMNS[column];
  const kind = CLIENTS.find(({ name }) => name === column.split(' ')[0]);
  const client = kind && clients.get(kind.name);
  if (kind === undefined || client === undefined)
    throw new Error(`there is no client for ${column}`);
  if (typeof client === 'string') return plain(client);
  return askClient(kind, client, asked, { front, workMs: TIMING.workMs, env: {} });
}
