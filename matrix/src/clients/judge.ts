import { isDeepStrictEqual } from 'node:util';
import { createParser } from 'eventsource-parser';
import type { Case } from '../server/cases.js';
import type { WireName } from '../server/wire.js';
import { bad, type Cell, good, plain } from '../table.js';
import type { Told } from './call.js';
import { brief, briefEvents } from './describe.js';

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

/** What a caller makes of it, and whether that is what holdopen promises. */
export function judge(column: ClientColumn, told: Told, wire: WireName): Cell {
  return isStream(column) ? judgeStream(column, told) : judgeDocument(column, told, wire);
}

function judgeDocument(column: ClientColumn, told: Told, wire: WireName): Cell {
  const got = documentOf(told);
  if ('error' in got) return judgeError(column, got.error, told);
  if (column === 'silent') return plain('waits');
  if (column === 'json') {
    const expected = wire === 'plain' ? { answer: 'held' } : 'held';
    return isDeepStrictEqual(got.value, expected) ? good('right') : bad(brief(got.value));
  }
  const success = `taken for a success: ${brief(got.value)}`;
  if (column === 'body') return plain(success);
  // Text that does not parse is no success: whoever reads a member of it has nothing.
  const isText = typeof got.value === 'string' && !parses(got.value);
  return isText ? plain(`text that is no JSON: ${brief(got.value)}`) : bad(success);
}

function judgeStream(column: ClientColumn, told: Told): Cell {
  const events = told.text === undefined ? (told.events ?? []) : parsed(told.text);
  const words = briefEvents(events);
  if (told.error !== undefined) {
    // What came before it, if that is more than the first event, which comes in each of them.
    const isMore = events.length > 0 && !isDeepStrictEqual(events, ['first']);
    return judgeError(column, `${isMore ? `${words}, then ` : ''}${told.error}`, told);
  }
  if (column === 'events' || column === 'events-late-known') {
    if (isDeepStrictEqual(events, ['first', 'last'])) return good('right');
    return column === 'events' ? bad(words) : plain(words);
  }
  return plain(column === 'events-cut' ? `ends as if whole: ${words}` : words);
}

function judgeError(column: ClientColumn, error: string, { status }: Told): Cell {
  const words = `${error}${status === undefined || column === 'silent' ? '' : `; status ${status}`}`;
  if (column === 'cut' || column === 'events-cut') return good(words);
  if (column === 'json' || column === 'events') return bad(words);
  return plain(words);
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
