import { intervalOf } from './announcement.js';
import { parseDictionary } from './dictionary.js';
import type { HeaderPair, LateHead } from './late-head.js';

/** What a comment of an event stream says: an interval, or a late head. */
export interface Comment {
  readonly intervalMs: number | undefined;
  /** `undefined` if it speaks of the interval alone. */
  readonly lateHead: LateHead | undefined;
}

/** Reads the text behind the colon of a comment; `undefined` if it is none of holdopen's. */
export function parseComment(text: string): Comment | undefined {
  const dictionary = /^ ?holdopen (.*)/.exec(text)?.[1];
  const members = dictionary === undefined ? undefined : parseDictionary(dictionary);
  if (members === undefined) return undefined;
  const status = members.get('status');
  const headers: HeaderPair[] = [];
  for (const [name, value] of members) {
    // A header is a string; of the others only those are known that stand above.
    if (typeof value === 'string' && name !== 'status') headers.push([name, value]);
  }
  const isLateHead = typeof status === 'number' || headers.length > 0;
  return {
    intervalMs: intervalOf(members),
    lateHead: isLateHead
      ? { status: typeof status === 'number' ? status : 200, headers }
      : undefined,
  };
}
