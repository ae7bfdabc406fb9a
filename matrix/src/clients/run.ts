import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inTurns } from '../in-turns.js';
import { rowOfFailure } from '../probe/probed.js';
import { NotOnThisMachine } from '../programs.js';
import { nginxHttp2 } from '../proxies/http2/nginx.js';
import type { ProxyKind } from '../proxies/kind.js';
import { nginx } from '../proxies/nginx.js';
import { startProxy } from '../proxies/start.js';
import { nodeApp } from '../server/apps/node.js';
import { startBackend } from '../server/backend.js';
import { trusting } from '../server/certificate.js';
import type { Cell, FailedRow, Row, Table } from '../table.js';
import { CLIENTS, THROUGH_NGINX } from './all.js';
import { askClient, type Place } from './ask.js';
import { CLIENT_COLUMNS, type ClientColumn } from './judge.js';
import type { ClientKind, Prepare } from './kind.js';

/** Clients at once, each with all its cells. They wait, mostly, but some take a while to start. */
const AT_ONCE = 3;
/** nginx itself is to wait for whatever a client does not. */
const NGINX_IDLE_SECONDS = 60;

export const CLIENT_NAMES: readonly string[] = CLIENTS.map(({ name }) => name);

const THROUGH = ', through nginx';
const HTTP2_THROUGH = ', HTTP/2 to nginx';

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
    startNginx(nginx, server.port, THROUGH),
    startNginx(nginxHttp2, server.port, HTTP2_THROUGH),
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
      ...(proxy.port === undefined
        ? []
        : at(THROUGH, place('http', proxy.port), (kind) =>
            isThroughNginx(kind) ? kind.prepare : undefined,
          )),
      ...at(', HTTP/2', place('https', server2.port, server2.seen), overHttp2),
      ...(proxy2.port === undefined
        ? []
        : at(HTTP2_THROUGH, place('https', proxy2.port), (kind) =>
            isThroughNginx(kind) ? overHttp2(kind) : undefined,
          )),
    ];
    const rows = await inTurns(asked, AT_ONCE, (one) => rowOf(one, folder, say));
    return { columns: CLIENT_COLUMNS, rows: [...rows, ...proxy.failures(), ...proxy2.failures()] };
  } finally {
    await Promise.all([proxy.close(), proxy2.close(), server.close(), server2.close()]);
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

/** nginx between clients and the server. */
interface Between {
  /** `undefined`: it is not running. */
  readonly port: number | undefined;
  /** What is to be said of it in the end; that it is not here is said of its own row. */
  failures(): FailedRow[];
  close(): Promise<void>;
}

/** What goes wrong with it costs its own rows and no others. */
async function startNginx(kind: ProxyKind, target: number, how: string): Promise<Between> {
  const failed = (error: unknown): FailedRow[] => [rowOfFailure(`clients${how}`, error)];
  try {
    const targets = { target, targetHttp2: 0, idleSeconds: NGINX_IDLE_SECONDS };
    const { port, check, close } = await startProxy(kind, targets);
    const failures = (): FailedRow[] => {
      try {
        check();
        return [];
      } catch (error) {
        return failed(error);
      }
    };
    return { port: port(''), failures, close };
  } catch (error) {
    const rows = error instanceof NotOnThisMachine ? [] : failed(error);
    return { port: undefined, failures: () => rows, close: async () => {} };
  }
}
