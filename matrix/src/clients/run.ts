import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NotOnThisMachine } from '../programs.js';
import { nginx } from '../proxies/nginx.js';
import { type RunningProxy, startProxy } from '../proxies/start.js';
import { MatrixServer, routeTo } from '../server/server.js';
import { bad, type Cell, inTurns, plain, type Row, type Table, wordsOf } from '../table.js';
import { CLIENTS, THROUGH_NGINX } from './all.js';
import { call } from './call.js';
import { CLIENT_COLUMNS, type ClientColumn, isStream, judge } from './judge.js';
import type { ClientKind, PreparedClient } from './kind.js';

/** The time-out for silence, where a client has one. */
const TIMEOUT_MS = 2_000;
/** Twice that: undici's timers, for one, may be a second late. */
const WORK_MS = 4_000;
/** Clients at once, each with all its cells. They wait, mostly, but some take a while to start. */
const AT_ONCE = 2;
/** nginx itself is to wait for whatever a client does not. */
const NGINX_IDLE_SECONDS = 60;

export const CLIENT_NAMES: readonly string[] = CLIENTS.map(({ name }) => name);

type ClientRow = Row<ClientColumn>;

/** Asks every client everything. `say` is told of each cell as it is done. */
export async function runClients(
  names: readonly string[],
  say: (text: string) => void,
): Promise<Table<ClientColumn>> {
  const folder = await mkdtemp(join(tmpdir(), 'holdopen-matrix-'));
  const server = await MatrixServer.start('held');
  const proxy = await startNginx(server);
  try {
    const kinds = CLIENTS.filter(({ name }) => names.includes(name));
    const direct = kinds.map((kind) => ({ kind, port: server.port, through: '' }));
    const through = kinds
      .filter(({ name }) => proxy !== undefined && THROUGH_NGINX.has(name))
      .map((kind) => ({ kind, port: proxy?.port('') ?? 0, through: ', through nginx' }));
    const rows = await inTurns([...direct, ...through], AT_ONCE, ({ kind, port, through }) =>
      rowOf(kind, { name: `${kind.name}${through}`, port, folder, say }),
    );
    return { columns: CLIENT_COLUMNS, rows };
  } finally {
    await proxy?.close();
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Place {
  readonly name: string;
  readonly port: number;
  readonly folder: string;
  readonly say: (text: string) => void;
}

async function rowOf(kind: ClientKind, { name, port, folder, say }: Place): Promise<ClientRow> {
  let client: PreparedClient;
  try {
    client = await kind.prepare(folder);
  } catch (error) {
    const reason = wordsOf(error);
    if (error instanceof NotOnThisMachine) {
      say(`${name}: not on this machine: ${error.message}`);
      return { name, absent: error.message };
    }
    say(`${name}: FAILED: ${reason}`);
    return { name, failed: reason };
  }
  const cells = await Promise.all(
    CLIENT_COLUMNS.map(async (column) => {
      const cell = await cellOf(kind, client, column, port);
      say(`${name}: ${column}: ${cell.verdict === 'bad' ? 'NOT AS PROMISED: ' : ''}${cell.text}`);
      return [column, cell] as const;
    }),
  );
  // Every column is in it: they were made of the columns.
  const byColumn = Object.fromEntries(cells) as Record<ClientColumn, Cell>;
  return { name, version: client.version, note: kind.timeout, cells: byColumn };
}

/** What a busy machine brings too late comes in time once more; a fault is there again. */
async function cellOf(...question: Parameters<typeof askOnce>): Promise<Cell> {
  const cell = await askOnce(...question);
  return cell.verdict === 'bad' ? askOnce(...question) : cell;
}

async function askOnce(
  { wire = 'plain', only, workMs = WORK_MS, played, exceptions, env = {} }: ClientKind,
  client: PreparedClient,
  column: ClientColumn,
  port: number,
): Promise<Cell> {
  const mode = isStream(column) ? 'events' : 'json';
  const name = played === undefined ? column : played[column];
  if (name === undefined || (only === 'events' && mode === 'json')) return plain('–');
  const url = `http://127.0.0.1:${port}${routeTo(wire, name, workMs)}`;
  try {
    const told = await call(client, { url, mode, timeoutMs: TIMEOUT_MS, env });
    const cell = judge(column, told, wire);
    const exception = exceptions?.[column];
    return exception === undefined || cell.verdict !== 'bad' ? cell : plain(exception);
  } catch (error) {
    return bad(wordsOf(error));
  }
}

async function startNginx(server: MatrixServer): Promise<RunningProxy | undefined> {
  try {
    return await startProxy(nginx, { target: server.port, idleSeconds: NGINX_IDLE_SECONDS });
  } catch (error) {
    if (error instanceof NotOnThisMachine) return undefined;
    throw error;
  }
}
