import type { BeatFormat } from './formats/format.js';
import { isJsonMediaType } from './formats/json.js';
import { SSE_MEDIA_TYPE } from './formats/sse.js';

/** How holdOpen was mounted: on one route, for its developer asked, or over everything. */
export type Mount = 'route' | 'global';

/** Why a response passes as it is. */
export type UntouchedReason =
  /** HEAD, OPTIONS, CONNECT, an upgrade. */
  | 'method'
  /** A status that has no body, or a part of one. */
  | 'status'
  /** The handler's type carries no beats. */
  | 'type'
  /** A charset other than UTF-8. */
  | 'charset'
  /** A content coding was applied above holdopen. */
  | 'encoding'
  /** The head went out with a Content-Length. */
  | 'length'
  /** `Accept` does not ask for a type that carries beats. */
  | 'accept'
  /** `maxHolds` responses are held already. */
  | 'max_holds';

/** One range of an `Accept` header with a weight above zero. */
interface AcceptRange {
  readonly type: string;
  readonly q: number;
}

interface Accepted {
  readonly ranges: readonly AcceptRange[];
  /** Types that were refused by `q=0`. */
  readonly refused: readonly string[];
}

/** Reads `Accept` (RFC 9110 section 12.5.1). An absent header accepts everything. */
function parseAccept(accept: string | undefined): Accepted {
  if (accept === undefined || accept.trim() === '') {
    return { ranges: [{ type: '*/*', q: 1 }], refused: [] };
  }
  const ranges: AcceptRange[] = [];
  const refused: string[] = [];
  for (const element of splitOutsideQuotes(accept, ',')) {
    const [type = '', ...parameters] = splitOutsideQuotes(element, ';');
    const name = type.trim().toLowerCase();
    if (name === '') continue;
    const q = weight(parameters);
    if (q > 0) ranges.push({ type: name, q });
    else refused.push(name);
  }
  return { ranges, refused };
}

function weight(parameters: readonly string[]): number {
  for (const parameter of parameters) {
    const [name = '', value = ''] = parameter.split('=');
    if (name.trim().toLowerCase() !== 'q') continue;
    const q = Number(value.trim());
    return Number.isNaN(q) ? 1 : q;
  }
  return 1;
}

function splitOutsideQuotes(text: string, separator: string): string[] {
  if (!text.includes('"')) return text.split(separator);
  const parts: string[] = [];
  let part = '';
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i] as string;
    if (quoted && character === '\\') {
      part += character + (text[i + 1] ?? '');
      i += 1;
      continue;
    }
    if (character === '"') quoted = !quoted;
    if (character === separator && !quoted) {
      parts.push(part);
      part = '';
    } else {
      part += character;
    }
  }
  parts.push(part);
  return parts;
}

/**
 * The format that `Accept` opens for a handler that has said nothing of its type yet.
 *
 * On a route JSON is taken for granted unless it is ruled out. Mounted globally nothing is: every
 * range must be JSON or event-stream. Whoever names event-stream is held as one, for a JSON answer
 * can travel in it as an event, and an event stream cannot travel in JSON.
 */
export function formatByAccept(
  accept: string | undefined,
  mount: Mount,
): 'json' | 'sse' | undefined {
  const { ranges, refused } = parseAccept(accept);
  const namesEvents = ranges.some(({ type }) => type === SSE_MEDIA_TYPE);
  if (mount === 'global') {
    const narrow = ranges.every(({ type }) => type === SSE_MEDIA_TYPE || isJsonMediaType(type));
    if (!narrow || ranges.length === 0) return undefined;
  }
  if (namesEvents) return 'sse';
  return takesJson(ranges, refused) ? 'json' : undefined;
}

/** The most specific range decides (RFC 9110 section 12.5.1); any `+json` type speaks for JSON. */
function takesJson(ranges: readonly AcceptRange[], refused: readonly string[]): boolean {
  const has = (matches: (type: string) => boolean): boolean | undefined => {
    if (ranges.some(({ type }) => matches(type))) return true;
    return refused.some(matches) ? false : undefined;
  };
  return (
    has((type) => type === 'application/json') ??
    (has(isJsonMediaType) === true ? true : undefined) ??
    has((type) => type === 'application/*') ??
    has((type) => type === '*/*') ??
    false
  );
}

export interface ContentType {
  /** Lower case, without parameters. */
  readonly mediaType: string;
  /** Lower case; `undefined` if none was given. */
  readonly charset: string | undefined;
}

export function parseContentType(value: string): ContentType {
  const [type = '', ...parameters] = splitOutsideQuotes(value, ';');
  let charset: string | undefined;
  for (const parameter of parameters) {
    const [name = '', given = ''] = parameter.split('=');
    if (name.trim().toLowerCase() === 'charset') {
      charset = given
        .trim()
        .replace(/^"(.*)"$/, '$1')
        .toLowerCase();
    }
  }
  return { mediaType: type.trim().toLowerCase(), charset };
}

export function isUtf8(charset: string | undefined): boolean {
  return (
    charset === undefined ||
    charset === 'utf-8' ||
    charset === 'utf8' ||
    charset === 'us-ascii' ||
    charset === 'ascii'
  );
}

export type FormatChoice =
  | { readonly format: BeatFormat }
  | { readonly untouched: UntouchedReason };

/** The format of a body whose type is known. NDJSON counts only where `format` asked for it. */
export function formatByType(
  contentType: string,
  asked: BeatFormat | undefined,
  known: readonly BeatFormat[],
): FormatChoice {
  const { mediaType, charset } = parseContentType(contentType);
  const candidates = asked === undefined ? known : [asked, ...known];
  const format = candidates.find((candidate) => candidate.matches(mediaType));
  if (format === undefined) return { untouched: 'type' };
  if (format.name === 'ndjson' && asked?.name !== 'ndjson') return { untouched: 'type' };
  return isUtf8(charset) ? { format } : { untouched: 'charset' };
}

/** The parts of a head that decide whether its body can carry beats at all. */
export interface HeadFacts {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly hasLength: boolean;
  /** A content coding that beats would land inside of. */
  readonly encoded: boolean;
}

/** Methods whose responses have no body that could be held. */
export function isHoldableMethod(method: string | undefined): boolean {
  return method !== 'HEAD' && method !== 'OPTIONS' && method !== 'CONNECT';
}

/** The format of a stream whose head its handler has sent. */
export function formatOfStream(
  head: HeadFacts,
  asked: BeatFormat | undefined,
  known: readonly BeatFormat[],
): FormatChoice {
  const { status } = head;
  if (status < 200 || status === 204 || status === 205 || status === 206 || status === 304) {
    return { untouched: 'status' };
  }
  if (head.hasLength) return { untouched: 'length' };
  if (head.encoded) return { untouched: 'encoding' };
  if (head.contentType === undefined) return { untouched: 'type' };
  return formatByType(head.contentType, asked, known);
}
