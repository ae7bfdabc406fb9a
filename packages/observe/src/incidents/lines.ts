import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** No line of a journal is nearly as long; what is longer is no line of a journal. */
const LONGEST_LINE = 2 ** 18;

/** A line, or `undefined` for one that is too long to be one. */
export type Line = string | undefined;

/**
 * The lines of a stream, packed with gzip or not, some at a time. Neither a long line nor a torn one
 * makes it keep more than a piece.
 */
export async function* readLines(source: AsyncIterable<Uint8Array>): AsyncGenerator<Line[]> {
  const decoder = new TextDecoder();
  let rest = '';
  let isTooLong = false;
  for await (const chunk of unpacked(source)) {
    const parts = decoder.decode(chunk, { stream: true }).split('\n');
    const [first = '', ...others] = parts;
    rest += first;
    if (rest.length > LONGEST_LINE) {
      rest = '';
      isTooLong = true;
    }
    const last = others.pop();
    if (last === undefined) continue;
    const lines: Line[] = [isTooLong ? undefined : rest, ...others];
    isTooLong = last.length > LONGEST_LINE;
    rest = isTooLong ? '' : last;
    yield lines;
  }
  if (isTooLong || rest !== '') yield [isTooLong ? undefined : rest];
}

/** Looks at the first bytes, for a name says nothing (RFC 1952 section 2.3.1). */
async function* unpacked(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  while (head.length < 2) {
    const { done, value } = await iterator.next();
    if (done === true) break;
    head = Buffer.concat([head, value]);
  }
  const whole = (async function* () {
    try {
      if (head.length > 0) yield head;
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
        yield next.value;
      }
    } finally {
      await iterator.return?.();
    }
  })();
  if (head[0] !== 0x1f || head[1] !== 0x8b) {
    yield* whole;
    return;
  }
  const packed = Readable.from(whole);
  const gunzip = createGunzip();
  packed.on('error', (error) => gunzip.destroy(error));
  yield* packed.pipe(gunzip) as AsyncIterable<Uint8Array>;
}
