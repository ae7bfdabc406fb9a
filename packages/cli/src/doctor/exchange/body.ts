import { finished, type Readable, type Transform } from 'node:stream';
import { constants, createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { Recorder } from '../recorder.js';

/**
 * Gives a body to the recorder as a client that reads while it comes would see it. Resolves when all
 * that came has been looked at, however it ended.
 */
export function readBody(body: Readable, coding: string | undefined, recorder: Recorder) {
  return new Promise<void>((resolve) => {
    const decoder = decoderFor(coding);
    body.on('data', (bytes: Buffer) => {
      recorder.received(bytes.length);
      if (decoder === undefined) recorder.body(bytes);
    });
    if (decoder === undefined) {
      finished(body, { writable: false }, () => resolve());
      return;
    }
    decoder.on('data', (bytes: Buffer) => recorder.body(bytes));
    decoder.on('error', (error) => {
      recorder.undecodable(error.message);
      body.unpipe(decoder).resume();
    });
    body.pipe(decoder, { end: false });
    finished(body, { writable: false }, () => {
      if (decoder.destroyed) resolve();
      else decoder.once('close', resolve).end();
    });
  });
}

/** Decodes what is there without waiting for more, also of a body that was cut. */
function decoderFor(coding: string | undefined): Transform | undefined {
  const { Z_SYNC_FLUSH, BROTLI_OPERATION_FLUSH } = constants;
  const flushed = { flush: Z_SYNC_FLUSH, finishFlush: Z_SYNC_FLUSH };
  switch (coding) {
    case 'gzip':
    case 'x-gzip':
      return createGunzip(flushed);
    case 'deflate':
      return createInflate(flushed);
    case 'br':
      return createBrotliDecompress({
        flush: BROTLI_OPERATION_FLUSH,
        finishFlush: BROTLI_OPERATION_FLUSH,
      });
    default:
      return undefined;
  }
}

/** Codings that can be undone here. */
export const ACCEPT_ENCODING = 'gzip, deflate, br';

/** Whether the bytes of a body under this coding say nothing to us. */
export function isOpaque(coding: string | undefined): boolean {
  return coding !== undefined && decoderFor(coding) === undefined;
}
