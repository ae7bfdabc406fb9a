import type { AdapterColumn } from '../adapters/run.js';
import type { ClientColumn } from '../clients/judge.js';
import type { ProbeColumn } from '../probe/questions.js';
import type { Table } from '../table.js';
import { drawAbsent, drawTable, type Titles } from './draw.js';

export interface Tables {
  readonly proxies: Table<ProbeColumn>;
  readonly http2: Table<ProbeColumn>;
  readonly adapters: Table<AdapterColumn>;
  readonly clients: Table<ClientColumn>;
}

const ALIVE: Titles<ProbeColumn> = {
  silent: 'silent handler',
  json: 'held JSON',
  jsonBeats: 'its beats',
  events: 'held events',
  eventBeats: 'their beats',
  ownHeadBeats: 'beats behind the handler’s own head',
  header: '`HoldOpen`',
};
const FAILING: Titles<ProbeColumn> = {
  cut: 'late failure, `cut`',
  cutFetch: 'the same by Node’s fetch',
  cutClient: 'the same by `@holdopen/client`',
  body: 'late failure, `body`',
  eventsCut: 'stream breaks in an event',
  eventsCutFetch: 'the same by Node’s fetch',
  leaves: 'client leaves',
};
const ADAPTERS_ALIVE: Titles<AdapterColumn> = {
  ...ALIVE,
  httpx: 'held JSON by httpx',
  curl: 'by curl',
};
const ADAPTERS_FAILING: Titles<AdapterColumn> = {
  ...FAILING,
  'httpx cut': '`cut` by httpx',
  'curl cut': '`cut` by curl',
};
const CLIENTS_ALIVE: Titles<ClientColumn> = {
  silent: 'silent handler',
  json: 'held JSON',
  events: 'held events',
  'events-late-known': 'events on a JSON hold',
};
const CLIENTS_FAILING: Titles<ClientColumn> = {
  cut: 'late failure, `cut`',
  body: 'late failure, `body`',
  'events-cut': 'stream breaks in an event',
  'events-error': 'late error page on a stream',
  'events-failed': 'late JSON error on a stream',
};

/** What the command writes into the document, by the names of its places. */
export function blocksOf(tables: Tables, made: string): Record<string, string> {
  const { proxies, http2, adapters, clients } = tables;
  return {
    made,
    'proxies alive': drawTable(proxies, 'in front', ALIVE),
    'proxies failing': drawTable(proxies, 'in front', FAILING),
    'http2 alive': drawTable(http2, 'in front', ALIVE),
    'http2 failing': drawTable(http2, 'in front', FAILING),
    'adapters alive': drawTable(adapters, 'adapter', ADAPTERS_ALIVE),
    'adapters failing': drawTable(adapters, 'adapter', ADAPTERS_FAILING),
    'clients alive': drawTable(clients, 'client', CLIENTS_ALIVE, 'time-out for silence'),
    'clients failing': drawTable(clients, 'client', CLIENTS_FAILING),
    absent: drawAbsent(Object.values(tables)),
  };
}
