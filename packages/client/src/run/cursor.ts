const SHAPE = /^(ho1\.[\w-]+\.[\w-]+\.)\d+([cfrxl]?)(?:~(.*))?$/;

/** What a `Last-Event-ID` of a run says. */
export interface Cursor {
  /** Run and start: events of another belong to other work. */
  readonly log: string;
  /** It is the end: completed, failed, released, cancelled or lost. */
  readonly final: string;
  /** The application's own id. */
  readonly ownId: string | undefined;
}

/** `undefined` for the id of an application. */
export function parseCursor(id: string): Cursor | undefined {
  const match = id.startsWith('ho1.') ? SHAPE.exec(id) : null;
  if (match === null) return undefined;
  const [, log = '', final = '', own] = match;
  return { log, final, ownId: own === undefined ? undefined : decode(own) };
}

/** So much of a stream holds its last id: 256 bytes, and a beat behind it. */
export const TAIL_LENGTH = 512;

/**
 * The id of the last whole block of a stream if it has no data, which no parser tells: the place where a
 * run begins or ends. `tail` is what came last.
 */
export function idWithoutData(tail: string): string | undefined {
  // What stands at its cut could be the end of any line.
  const whole = tail.length < TAIL_LENGTH ? tail : tail.replace(/^.*/, '');
  const blocks = whole.replace(/\r\n?/g, '\n').split(/\n{2,}/);
  // Behind the last blank line nothing is whole.
  for (const block of blocks.slice(0, -1).reverse()) {
    const id = /^id: ?(.*)$/m.exec(block)?.[1];
    if (id !== undefined) return /^data/m.test(block) ? undefined : id;
    if (/^data/m.test(block)) return undefined;
  }
  return undefined;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
