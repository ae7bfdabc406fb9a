// What a held JSON body is made of: beats, perhaps a late head, the payload.
import { type LateHead, parseLateHead } from '@holdopen/core';

export interface HeldJson {
  readonly beats: number;
  readonly lateHead: LateHead | undefined;
  readonly payload: string;
}

export function readHeldJson(body: string): HeldJson {
  const start = /[^ \t\r\n]/.exec(body)?.index ?? body.length;
  const space = body.slice(0, start);
  const beats = /^( *\n)*/.exec(space)?.[0].split('\n').length ?? 1;
  const lateHead = parseLateHead(space);
  const rest = space.replace(/^( *\n)*/, '');
  // Nothing else may stand there.
  if (lateHead === undefined ? rest !== '' : !/^\r[ \t]+\r$/.test(rest)) {
    throw new Error(`stray white space: ${JSON.stringify(space)}`);
  }
  return { beats: beats - 1, lateHead, payload: body.slice(start) };
}

/** Whether a parser takes any beginning of it, the whole included, for a document. */
export function anyPrefixParses(body: string): boolean {
  for (let end = 1; end <= body.length; end++) {
    try {
      JSON.parse(body.slice(0, end));
      return true;
    } catch {
      // As it should be.
    }
  }
  return false;
}
