import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';

/**
 * Undoes a content coding that the handler applied although the head that was sent names none.
 * `'identity'` if there is nothing to undo, `undefined` if it is not known.
 */
export function createDecoder(
  contentEncoding: string | undefined,
): Transform | 'identity' | undefined {
  switch (contentEncoding?.trim().toLowerCase()) {
    case undefined:
    case '':
    case 'identity':
      return 'identity';
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'br':
      return createBrotliDecompress();
    default:
      return undefined;
  }
}
