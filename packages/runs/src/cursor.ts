import { isRunId } from './run-id.js';
import { SETTLED_STATES, type SettledState } from './store.js';

/** The longest cursor on the wire, in bytes; all are ASCII. */
export const MAX_CURSOR_BYTES = 256;
/** Of the cursor, not of the log. */
const WIRE_VERSION = 'ho1';

/** A place in a run's log: everything up to and including `offset` was received. */
export interface Cursor {
  readonly run: string;
  readonly epoch: string;
  /** 0 is before the first entry. */
  readonly offset: number;
  /**
   * How the run ended, if `offset` is its terminal entry. Without it an entry that a rolled back
   * store has forgotten could be taken for the end that stands in its place now.
   */
  readonly final?: SettledState | undefined;
  /** The application's own `Last-Event-ID` at this place. */
  readonly ownId?: string | undefined;
}

const FINAL_MARKS: Readonly<Record<SettledState, string>> = {
  completed: 'c',
  failed: 'f',
  released: 'r',
  cancelled: 'x',
  lost: 'l',
};

const SHAPE =
  /^ho1\.([\w-]{33}[A-Za-z0-9]{0,16})\.([\w-]{1,22})\.(0|[1-9]\d{0,15})([cfrxl]?)(?:~(.*))?$/;

/**
 * The cursor as the `id` of an event: `ho1.<run>.<epoch>.<offset>`, a letter if it is the end, and `~`
 * with the application's id, percent-encoded. An id of the application's that would not fit into 256
 * bytes is left out.
 */
export function formatCursor(cursor: Cursor): string {
  const mark = cursor.final === undefined ? '' : FINAL_MARKS[cursor.final];
  const place = `${WIRE_VERSION}.${cursor.run}.${cursor.epoch}.${cursor.offset}${mark}`;
  if (cursor.ownId === undefined) return place;
  const whole = `${place}~${encode(cursor.ownId)}`;
  return whole.length <= MAX_CURSOR_BYTES ? whole : place;
}

/** `undefined` if the text is not of our shape: it is the application's then, and none of ours. */
export function parseCursor(text: string): Cursor | undefined {
  if (text.length > MAX_CURSOR_BYTES) return undefined;
  const match = SHAPE.exec(text);
  if (match === null) return undefined;
  const [, run = '', epoch = '', digits = '', mark = '', encoded] = match;
  const offset = Number(digits);
  if (!isRunId(run) || !Number.isSafeInteger(offset)) return undefined;
  const ownId = encoded === undefined ? undefined : decode(encoded);
  if (encoded !== undefined && ownId === undefined) return undefined;
  const final = SETTLED_STATES.find((state) => FINAL_MARKS[state] === mark);
  return {
    run,
    epoch,
    offset,
    ...(final === undefined ? {} : { final }),
    ...(ownId === undefined ? {} : { ownId }),
  };
}

function encode(ownId: string): string {
  // A lone surrogate cannot be on the wire; it would throw here.
  return encodeURIComponent(ownId.replace(/\p{Surrogate}/gu, '\ufffd'));
}

function decode(encoded: string): string | undefined {
  try {
    const ownId = decodeURIComponent(encoded);
    // Whatever is not as we write it was not written by us, and these would break a header.
    return /[\r\n\0]/.test(ownId) || encode(ownId) !== encoded ? undefined : ownId;
  } catch {
    return undefined;
  }
}
