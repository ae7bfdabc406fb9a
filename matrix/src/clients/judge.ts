import { isDeepStrictEqual } from 'node:util';
import { createParser } from 'eventsource-parser';
import type { Case } from '../server/cases.js';
import type { WireName } from '../server/wire.js';
import { bad, type Cell, good, plain } from '../table.js';
import type { Told } from './call.js';

/** What is asked of every client, in the order of the table. */
export const CLIENT_COLUMNS = [
  'silent',
  'json',
  'cut',
  'body',
  'events',
  'events-late-known',
  'events-cut',
  'events-failed',
] as const satisfies readonly Case[];
export type ClientColumn = (typeof CLIENT_COLUMNS)[number];

export const isStream = (column: ClientColumn): boolean => column.startsWith('events');

/** What a caller makes of it, and whether that is what holdopen promises. */
export function judge(column: ClientColumn, told: Told, wire: WireName): Cell {
  const got = isStream(column) ? eventsOf(told) : documentOf(told);
  if ('error' in got) return judgeError(column, got.error, told);
  switch (column) {
    case 'silent':
      return plain('waits');
    case 'json': {
      const expected = wire === 'plain' ? { answer: 'held' } : 'held';
      return isDeepStrictEqual(got.value, expected) ? good('right') : bad(brief(got.value));
    }
    case 'cut':
      // Text that does not parse is no success: whoever reads a member of it has nothing.
      return typeof got.value === 'string' && !parses(got.value)
        ? plain(`gives text that is no JSON: ${brief(got.value)}`)
        : bad(`taken for a success: ${brief(got.value)}`);
    case 'body':
      return plain(`taken for a success: ${brief(got.value)}`);
    case 'events':
    case 'events-late-known': {
      const isRight = isDeepStrictEqual(got.value, ['first', 'last']);
      if (isRight) return good('right');
      return column === 'events' ? bad(brief(got.value)) : plain(brief(got.value));
    }
    case 'events-cut':
      return plain(`ends as if whole: ${brief(got.value)}`);
    case 'events-failed':
      return plain(brief(got.value));
  }
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

function eventsOf({ error, events, text }: Told): Got {
  if (error !== undefined) return { error };
  return { value: text === undefined ? events : parsed(text) };
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

const MAX_LENGTH = 120;

function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
}
