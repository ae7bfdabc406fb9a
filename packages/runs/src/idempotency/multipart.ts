const CR = 0x0d;
const LF = 0x0a;
const DASH = 0x2d;

export interface WithoutBoundaries {
  readonly bytes: Uint8Array;
  /** Where in them the delimiters stood. */
  readonly places: readonly number[];
}

/**
 * A multipart body without its delimiters: a client that sends its form again makes a new one. Only
 * whole delimiter lines (RFC 2046 section 5.1.1) go, so that a boundary within a part's text stays.
 */
export function withoutBoundaries(body: Uint8Array, boundary: string): WithoutBoundaries {
  const delimiter = new TextEncoder().encode(`--${boundary}`);
  const kept = new Uint8Array(body.length);
  const places: number[] = [];
  let to = 0;
  for (let from = 0; from < body.length; from += 1) {
    const isLineStart = from === 0 || (body[from - 1] === LF && body[from - 2] === CR);
    if (isLineStart && isDelimiter(body, from, delimiter)) {
      places.push(to);
      from += delimiter.length - 1;
      continue;
    }
    kept[to] = body[from] as number;
    to += 1;
  }
  return { bytes: kept.subarray(0, to), places };
}

/** Whether a whole delimiter stands here: behind it a line end, white space, or the dashes of the last. */
function isDelimiter(body: Uint8Array, at: number, delimiter: Uint8Array): boolean {
  for (let i = 0; i < delimiter.length; i += 1) if (body[at + i] !== delimiter[i]) return false;
  let next = at + delimiter.length;
  if (body[next] === DASH && body[next + 1] === DASH) next += 2;
  while (body[next] === 0x20 || body[next] === 0x09) next += 1;
  return next >= body.length || (body[next] === CR && body[next + 1] === LF);
}
