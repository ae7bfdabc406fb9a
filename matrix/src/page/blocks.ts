import type { ClientColumn } from '../clients/judge.js';
import type { ProxyColumn } from '../probe/questions.js';
import type { Table } from '../table.js';
import { drawAbsent, drawTable, type Titles } from './draw.js';

export interface Tables {
  readonly proxies: Table<ProxyColumn>;
  readonly clients: Table<ClientColumn>;
}

const PROXIES_ALIVE: Titles<ProxyColumn> = {
  silent: 'silent handler',
  json: 'held JSON',
  jsonBeats: 'its beats',
  events: 'held events',
  eventBeats: 'their beats',
  ownHeadBeats: 'beats behind the handler’s own head',
  header: '`HoldOpen`',
};
const PROXIES_FAILING: Titles<ProxyColumn> = {
  cut: 'late failure, `cut`',
  cutFetch: 'the same by Node’s fetch',
  cutClient: 'the same by `@holdopen/client`',
  body: 'late failure, `body`',
  eventsCut: 'stream breaks in an event',
  eventsCutFetch: 'the same by Node’s fetch',
  leaves: 'client leaves',
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
export function blocksOf({ proxies, clients }: Tables, made: string): Record<string, string> {
  return {
    made,
    'proxies alive': drawTable(proxies, 'in front', PROXIES_ALIVE),
    'proxies failing': drawTable(proxies, 'in front', PROXIES_FAILING),
    'clients alive': drawTable(clients, 'client', CLIENTS_ALIVE, 'time-out for silence'),
    'clients failing': drawTable(clients, 'client', CLIENTS_FAILING),
    absent: drawAbsent([proxies, clients]),
  };
}
