/** @import { HoldRow, IncidentRow, RunRow } from '../wire.js' */
/** @import { Column } from './table.js' */
import * as words from './words.js';

/** Of silence on the wire: after so many intervals beats do not get out. */
const LATE_INTERVALS = 2;
/** Of runs only the framework's pattern is known, which plain servers have not got. */
const NAMELESS = 'a route without a pattern';

/** @type {Column<HoldRow>} */
const client = { name: 'client', label: 'Client', text: (row) => row.client || '–' };

/** @type {readonly Column<HoldRow>[]} */
const holds = [
  { name: 'route', label: 'Route', text: (row) => row.route, detail: (row) => row.id },
  {
    name: 'state',
    label: 'State',
    text: (row) => row.state,
    title: (row) => words.STATES[row.state] ?? '',
    tone: (row) => (row.state === 'held' ? 'wait' : 'good'),
    isChip: true,
  },
  {
    name: 'number age',
    label: 'Age',
    about: 'since it fell silent, or its stream began',
    text: (row, nowMs) => words.duration(nowMs - row.startedMs),
    sort: (row) => -row.startedMs,
  },
  {
    name: 'number silent',
    label: 'Silent',
    about: 'since the last sign of life of its handler',
    text: (row, nowMs) => words.duration(nowMs - row.lifeMs),
    sort: (row) => -row.lifeMs,
  },
  {
    name: 'number sent',
    label: 'Last byte',
    about: 'since a byte was sent, be it a beat',
    text: (row, nowMs) => words.duration(nowMs - row.sentMs),
    tone: (row, nowMs) => (nowMs - row.sentMs > LATE_INTERVALS * row.intervalMs ? 'warn' : ''),
    sort: (row) => -row.sentMs,
  },
  {
    name: 'number beats',
    label: 'Beats',
    text: (row) => words.count(row.beats),
    sort: (row) => row.beats,
  },
  {
    name: 'number dropped',
    label: 'Dropped',
    about: 'beats that were not sent, since the client took nothing',
    text: (row) => words.count(row.beatsDropped),
    tone: (row) => (row.beatsDropped > 0 ? 'warn' : 'none'),
    sort: (row) => row.beatsDropped,
  },
  {
    name: 'number payload',
    label: 'Payload',
    about: 'what the handler has written',
    text: (row) => words.bytes(row.payloadSize),
    sort: (row) => row.payloadSize,
  },
  { name: 'format', label: 'Format', text: (row) => row.format },
];

/** @param {boolean} showsClient */
export function holdColumns(showsClient) {
  return showsClient ? [...holds, client] : holds;
}

/** @type {Readonly<Record<string, string>>} */
const RUN_TONES = { running: 'wait', completed: 'good', failed: 'bad', lost: 'bad' };

/** @type {readonly Column<RunRow>[]} */
export const RUN_COLUMNS = [
  {
    name: 'route',
    label: 'Route',
    text: (row) => row.route || NAMELESS,
    detail: (row) => row.id,
  },
  {
    name: 'state',
    label: 'State',
    text: (row) => row.state,
    title: (row) => words.STATES[row.state] ?? '',
    tone: (row) => RUN_TONES[row.state] ?? 'warn',
    isChip: true,
  },
  {
    name: 'number age',
    label: 'Time',
    about: 'since it began; of one that has ended, how long it ran',
    text: (row, nowMs) => words.duration((row.endedMs ?? nowMs) - row.startedMs),
  },
  {
    name: 'number ended',
    label: 'Ended',
    text: (row, nowMs) =>
      row.endedMs === undefined ? '–' : `${words.duration(nowMs - row.endedMs)} ago`,
    // Those that go on first, the oldest at the top; then those that ended last.
    sort: (row) => (row.endedMs === undefined ? 1e15 - row.startedMs : row.endedMs),
  },
  {
    name: 'number attempt',
    label: 'Attempt',
    text: (row) => words.count(row.attempt),
    sort: (row) => row.attempt,
  },
  {
    name: 'number watchers',
    label: 'Watchers',
    about: 'connections of this process that read its output',
    text: (row) => (row.watchers === undefined ? '–' : words.count(row.watchers)),
    sort: (row) => row.watchers ?? -1,
  },
  {
    name: 'answer',
    label: 'Answer',
    text: (row) => [row.status, row.code].filter((part) => part !== undefined).join(' ') || '–',
  },
];

/** @type {readonly Column<IncidentRow>[]} */
export const INCIDENT_COLUMNS = [
  {
    name: 'time',
    label: 'Time',
    text: (row) => words.time(row.at),
    title: (row) => words.dateTime(row.at),
    sort: (row) => row.at,
  },
  {
    name: 'kind',
    label: 'What',
    text: (row) => words.KINDS[row.kind] ?? row.kind,
    tone: (row) => (row.kind === 'client-left' || row.kind === 'drained' ? 'warn' : 'bad'),
    isChip: true,
  },
  {
    name: 'route',
    label: 'Route',
    text: (row) => row.route || (row.kind.startsWith('process') ? '–' : NAMELESS),
    detail: (row) => row.subject,
  },
  {
    name: 'answer',
    label: 'Answer',
    text: (row) => [row.status, row.code].filter((part) => part !== undefined).join(' ') || '–',
  },
  {
    name: 'number held',
    label: 'Held for',
    text: (row) => (row.heldMs === undefined ? '–' : words.duration(row.heldMs)),
    sort: (row) => row.heldMs ?? -1,
  },
  {
    name: 'number silent',
    label: 'Silent for',
    about: 'how long its handler had given no sign of life',
    text: (row) => (row.silentMs === undefined ? '–' : words.duration(row.silentMs)),
    sort: (row) => row.silentMs ?? -1,
  },
  {
    name: 'number beats',
    label: 'Beats',
    text: (row) => (row.beats === undefined ? '–' : words.count(row.beats)),
    sort: (row) => row.beats ?? -1,
  },
];
