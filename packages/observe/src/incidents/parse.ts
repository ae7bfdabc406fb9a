import { isStatus } from '../journal/cause.js';
import { type Incident, JOURNAL_VERSION, type JournalLine } from '../journal/record.js';
import type { Line } from './lines.js';

/**
 * What a line is: one of the journal's, `empty`, `newer` for one of a later version, or `broken`: half of
 * one, or something else.
 */
export type Parsed = JournalLine | 'empty' | 'newer' | 'broken';

const SUBJECTS = ['hold', 'run', 'call', 'process'];
const OUTCOMES = ['failed', 'disconnected', 'lost', 'died'];
const OTHERS = ['instance', 'alive', 'open', 'close', 'gap', 'returned', 'rotated', 'end'];

/** Members that would make no sense of another kind. What is not known is left as it is. */
const TEXTS = ['route', 'hold', 'run', 'code', 'format', 'connectionEnd', 'httpVersion', 'foundBy'];
const NUMBERS = [
  'intervalMs',
  'heldMs',
  'idleMs',
  'silentMs',
  'silences',
  'longestSilenceMs',
  'beats',
  'beatsDropped',
  'bytes',
  'connectionMs',
  'attempts',
  'holds',
  'runs',
  'segment',
  'exitCode',
];

/** No line of a journal is nearly as deep, and who writes down again what is deeper runs out of stack. */
const DEEPEST = 20;

export function parseLine(text: Line): Parsed {
  if (text === undefined) return 'broken';
  if (text === '' || text === '\r') return 'empty';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'broken';
  }
  if (!isRecord(value) || isDeeperThan(DEEPEST, value)) return 'broken';
  const { v, kind } = value;
  if (typeof v === 'number' && v > JOURNAL_VERSION) return 'newer';
  if (kind === 'incident') return isIncident(value) ? value : 'broken';
  return isOther(value) ? value : 'broken';
}

function isIncident(value: Record<string, unknown>): value is Record<string, unknown> & Incident {
  const { id, time, instance, subject, outcome, status } = value;
  return (
    isText(id) &&
    isText(time) &&
    !Number.isNaN(Date.parse(time)) &&
    isText(instance) &&
    SUBJECTS.includes(String(subject)) &&
    OUTCOMES.includes(String(outcome)) &&
    (status === undefined || isStatus(status)) &&
    TEXTS.every((name) => value[name] === undefined || isText(value[name])) &&
    NUMBERS.every((name) => value[name] === undefined || Number.isFinite(value[name])) &&
    (value.cause === undefined || isRecord(value.cause))
  );
}

function isOther(value: Record<string, unknown>): value is Record<string, unknown> & JournalLine {
  if (!OTHERS.includes(String(value.kind))) return false;
  if (isText(value.time) && Number.isNaN(Date.parse(value.time))) return false;
  return ['time', 'id', 'instance', 'route'].every(
    (name) => value[name] === undefined || isText(value[name]),
  );
}

function isDeeperThan(deepest: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return deepest === 0 || Object.values(value).some((one) => isDeeperThan(deepest - 1, one));
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
