import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inTurns } from '../in-turns.js';
import { rowOfFailure } from '../probe/probed.js';
import { NotOnThisMachine } from '../programs.js';
import { nginxHttp2 } from '../proxies/http2/nginx.js';
import type { ProxyKind } from '../proxies/kind.js';
import { nginx } from '../proxies/nginx.js';
import { type RunningProxy, startProxy } from '../proxies/start.js';
import { nodeApp } from '../server/apps/node.js';
import { startBackend } from '../server/backend.js';
import { trusting } from '../server/certificate.js';
import type { Cell, Row, Table } from '../table.js';
import { CLIENTS, THROUGH_NGINX } from './all.js';
import { askClient, type Place } from './ask.js';
import { CLIENT_COLUMNS, type ClientColumn } from './judge.js';
import type { ClientKind, Prepare } from './kind.js';

/** Clients at once, each with all its cells. They wait, mostly, but some take a while to start. */
const AT_ONCE = 3;
/** nginx itself is to wait for whatever a client does not. */
const NGINX_IDLE_SECONDS = 60;

export const CLIENT_NAMES: readonly string[] = CLIENTS.map(({ name }) => name);

type ClientRow = Row<ClientColumn>;
type Say = (text: string) => void;

/** One client at one place. */
interface Asked extends Place {
  readonly kind: ClientKind;
  /** What differs from asking the server itself over HTTP/1.1. */
  readonly how: string;
  readonly prepare: Prepare;
}

/** Asks every client everything. `say` is told of each cell as it is done. */
export async function runClients(names: readonly string[], say: Say): Promise<Table<ClientColumn>> {
  const kinds = CLIENTS.filter(({ name }) => names.includes(name));
  if (kinds.length === 0) return { columns: CLIENT_COLUMNS, rows: [] };
  const folder = mkdtempSync(join(tmpdir(), 'holdopen-matrix-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  const [server, server2] = await Promise.all([startBackend(nodeApp), startBackend(nodeApp, 'h2')]);
  const [proxy, proxy2] = await Promise.all([
    startNginx(nginx, server.port),
    startNginx(nginxHttp2, server.port),
  ]);
  const env = await trusting(folder);
  const place = (scheme: string, port: number | undefined, seen = server.seen): Place => ({
    front: { origin: `${scheme}://127.0.0.1:${port ?? 0}`, seen },
    env: scheme === 'https' ? env : {},
  });
  const at = (how: string, where: Place, ofKind: (kind: ClientKind) => Prepare | undefined) =>
    kinds.flatMap((kind): Asked[] => {
      const prepare = ofKind(kind);
      return prepare === undefined ? [] : [{ kind, how, prepare, ...where }];
    });
  const isThroughNginx = ({ name }: ClientKind): boolean => THROUGH_NGINX.has(name);
  const overHttp2 = ({ http2, prepare }: ClientKind): Prepare | undefined =>
    http2 === true ? prepare : http2;
  try {
    const asked = [
      ...at('', place('http', server.port), ({ prepare }) => prepare),
      ...(proxy === undefined
        ? []
        : at(', through nginx', place('http', proxy.port('')), (kind) =>
            isThroughNginx(kind) ? kind.prepare : undefined,
          )),
      ...at(', HTTP/2', place('https', server2.port, server2.seen), overHttp2),
      ...(proxy2 === undefined
        ? []
        : at(', HTTP/2 to nginx', place('https', proxy2.port('')), (kind) =>
            isThroughNginx(kind) ? overHttp2(kind) : undefined,
          )),
    ];
    const rows = await inTurns(asked, AT_ONCE, (one) => rowOf(one, folder, say));
    for (const one of [proxy, proxy2]) one?.check();
    return { columns: CLIENT_COLUMNS, rows };
  } finally {
    await Promise.all([proxy?.close(), proxy2?.close(), server.close(), server2.close()]);
    process.off('exit', remove);
    remove();
  }
}

async function rowOf(
  { kind, how, prepare, ...place }: Asked,
  folder: string,
  say: Say,
): Promise<ClientRow> {
  const name = `${kind.name}${how}`;
  try {
    const client = await prepare(folder);
    const cells = await Promise.all(
      CLIENT_COLUMNS.map(async (column) => {
        const cell = await askClient(kind, client, column, place);
        say(`${name}: ${column}: ${cell.verdict === 'bad' ? 'NOT AS PROMISED: ' : ''}${cell.text}`);
        return [column, cell] as const;
      }),
    );
    // Every column is in it: they were made of the columns.
    const byColumn = Object.fromEntries(cells) as Record<ClientColumn, Cell>;
    return { name, version: client.version, note: kind.timeout, cells: byColumn };
  } catch (error) {
    const row = rowOfFailure(name, error);
    say(`${name}: ${'absent' in row ? `not on this machine: ${row.absent}` : 'FAILED'}`);
    return row;
  }
}

async function startNginx(kind: ProxyKind, target: number): Promise<RunningProxy | undefined> {
  try {
    return await startProxy(kind, { target, targetHttp2: 0, idleSeconds: NGINX_IDLE_SECONDS });
  } catch (error) {
    if (error instanceof NotOnThisMachine) return undefined;
    throw error;
  }
}
