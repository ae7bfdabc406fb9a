import { isDeepStrictEqual } from 'node:util';
import { createParser } from 'eventsource-parser';
import type { Case } from '../server/cases.js';
import type { Seen } from '../server/log.js';
import { bad, type Cell, good, plain, wrong } from '../table.js';
import type { Told } from './call.js';
import { brief, briefEvents } from './describe.js';
import type { ClientKind } from './kind.js';

/** What is asked of every client, in the order of the table. */
export const CLIENT_COLUMNS = [
  'silent',
  'json',
  'cut',
  'body',
  'events',
  'events-late-known',
  'events-cut',
  'events-error',
  'events-failed',
] as const satisfies readonly Case[];
export type ClientColumn = (typeof CLIENT_COLUMNS)[number];

export const isStream = (column: ClientColumn): boolean => column.startsWith('events');

/** Of the client, what there is to know for the verdict. */
type Judged = Pick<ClientKind, 'wire' | 'waits'>;
type Served = Pick<Seen, 'requests' | 'isOver'>;

/** What a caller makes of it, and whether that is what holdopen promises. */
export function judge(column: ClientColumn, told: Told, kind: Judged, seen: Served): Cell {
  if (seen.requests === 0) return bad(`never reached the server: ${told.error ?? 'no error'}`);
  if (column === 'silent') return judgeSilent(told, kind);
  return isStream(column)
    ? judgeStream(column, told, kind, seen)
    : judgeDocument(column, told, kind, seen);
}

/** A client whose time-out is not over in the silence proves nothing of the held answer. */
function judgeSilent(told: Told, { waits }: Judged): Cell {
  const got = documentOf(told);
  if ('error' in got) return waits === true ? bad(got.error) : plain(got.error);
  return waits === true ? plain('waits') : bad('waits: its time-out was not tried');
}

function judgeDocument(
  column: ClientColumn,
  told: Told,
  { wire = 'plain' }: Judged,
  seen: Served,
): Cell {
  const got = documentOf(told);
  if ('error' in got) return judgeError(column, got.error, told, seen);
  if (column === 'json') {
    const expected = wire === 'plain' ? { answer: 'held' } : 'held';
    return isDeepStrictEqual(got.value, expected) ? good('right') : wrong(brief(got.value));
  }
  const success = `taken for a success: ${brief(got.value)}`;
  if (column === 'body') {
    const isLost = wire === 'plain' && !isDeepStrictEqual(got.value, { error: 'unprocessable' });
    return isLost ? wrong(brief(got.value)) : plain(success);
  }
  // Text that does not parse is no success: whoever reads a member of it has nothing.
  const isText = typeof got.value === 'string' && !parses(got.value);
  return isText ? plain(`text that is no JSON: ${brief(got.value)}`) : wrong(success);
}

function judgeStream(
  column: ClientColumn,
  told: Told,
  { wire = 'plain' }: Judged,
  seen: Served,
): Cell {
  const events = told.text === undefined ? (told.events ?? []) : parsed(told.text);
  const cell = judgeEvents(column, events, told, seen);
  // What SDKs make of a late error is theirs; but it must have come.
  const isLost = wire === 'plain' && LATE[column]?.(events) === false;
  return isLost ? wrong(`lost: ${cell.text}`) : cell;
}

/** How a late error shows in a stream. */
const LATE: Partial<Record<ClientColumn, (events: readonly unknown[]) => boolean>> = {
  'events-error': (events) =>
    events.some((event) => typeof event === 'object' && event !== null && 'error' in event),
  'events-failed': (events) => events.includes('{"error":"unprocessable"}'),
};

function judgeEvents(
  column: ClientColumn,
  events: readonly unknown[],
  told: Told,
  seen: Served,
): Cell {
  const words = briefEvents(events);
  if (told.error !== undefined) {
    // What came before it, if that is more than the first event, which comes in each of them.
    const isMore = events.length > 0 && !isDeepStrictEqual(events, ['first']);
    return judgeError(column, `${isMore ? `${words}, then ` : ''}${told.error}`, told, seen);
  }
  if (column === 'events' || column === 'events-late-known') {
    return isDeepStrictEqual(events, ['first', 'last']) ? good('right') : wrong(words);
  }
  return column === 'events-cut' ? wrong(`ends as if whole: ${words}`) : plain(words);
}

function judgeError(
  column: ClientColumn,
  error: string,
  { status }: Told,
  { isOver }: Served,
): Cell {
  const words = `${error}${status === undefined ? '' : `; status ${status}`}`;
  if (column === 'cut' || column === 'events-cut') {
    // An error that came before the handler's own is another one.
    return isOver ? good(words) : bad(`${words}, before it was to break`);
  }
  return column === 'json' || column === 'events' || column === 'events-late-known'
    ? bad(words)
    : plain(words);
}

type Got = { readonly value: unknown } | { readonly error: string };

function documentOf({ error, got, text }: Told): Got {
  if (error !== undefined) return { error };
  if (text === undefined) return { value: got };
  // Its caller has to parse by itself.
  return parses(text) ? { value: JSON.parse(text) } : { error: 'clean end; does not parse' };
}

/** For clients that give a stream as it comes: what any parser of event streams makes of it. */
function parsed(text: string): unknown[] {
  const events: unknown[] = [];
  const parser = createParser({
    onEvent: ({ event, data }) => events.push(event === undefined ? data : { [event]: data }),
  });
  parser.feed(text);
  return events;
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
