import { inTurns } from '../../in-turns.js';
import { IDLE_SECONDS, probed, rowOfFailure, summary } from '../../probe/probed.js';
import { PROBE_COLUMNS, type ProbeColumn } from '../../probe/questions.js';
import { WAITS } from '../../probe/weigh.js';
import { nodeApp } from '../../server/apps/node.js';
import { type Backend, startBackend, type Transport } from '../../server/backend.js';
import type { Row, Table } from '../../table.js';
import { HTTP2_PROXIES } from '../all.js';
import { rowsOfProxy } from '../fronts.js';
import type { ProxyKind } from '../kind.js';
import { DIRECT } from '../names.js';

/** Proxies at once: they wait, mostly, but their lateness is measured. */
const AT_ONCE = 4;

type Rows = readonly Row<ProbeColumn>[];

/** Asks the Node adapter over TLS and HTTP/2, by itself and behind proxies that terminate them. */
export async function runHttp2(
  names: readonly string[],
  say: (text: string) => void,
): Promise<Table<ProbeColumn>> {
  const behind = await Promise.all([startBackend(nodeApp), startBackend(nodeApp, 'h2c')]);
  const asked = [
    ...(names.includes(DIRECT)
      ? ([
          ['https, HTTP/1.1', 'https', '1.1'],
          ['https, HTTP/2', 'h2', '2'],
        ] as const)
      : []
    ).map(
      ([name, transport, version]) =>
        () =>
          directRow(name, transport, version),
    ),
    ...HTTP2_PROXIES.filter(({ name }) => names.includes(name)).map(
      (kind) => () => proxyRows(kind, behind),
    ),
  ];
  try {
    const rows = await inTurns(asked, AT_ONCE, async (ask) => {
      const rowsOfOne = await ask();
      for (const row of rowsOfOne) say(summary(row));
      return rowsOfOne;
    });
    return { columns: PROBE_COLUMNS, rows: rows.flat() };
  } finally {
    await Promise.all(behind.map((server) => server.close()));
  }
}

async function directRow(what: string, transport: Transport, version: '1.1' | '2'): Promise<Rows> {
  const name = `${DIRECT}, ${what}`;
  const server = await startBackend(nodeApp, transport);
  try {
    const { port, seen } = server;
    const cells = await probed({ origin: `https://127.0.0.1:${port}`, version, seen }, WAITS);
    return [{ name, version: '', cells }];
  } catch (error) {
    return [rowOfFailure(name, error)];
  } finally {
    await server.close();
  }
}

async function proxyRows(
  kind: ProxyKind,
  [http1, http2]: readonly [Backend, Backend],
): Promise<Rows> {
  try {
    return await rowsOfProxy(kind, {
      target: http1.port,
      targetHttp2: http2.port,
      idleSeconds: IDLE_SECONDS,
      version: '2',
      async seen(id) {
        const seen = await http1.seen(id);
        return seen.requests > 0 || seen.beatsMs.length > 0 ? seen : http2.seen(id);
      },
    });
  } catch (error) {
    return [rowOfFailure(kind.name, error)];
  }
}
