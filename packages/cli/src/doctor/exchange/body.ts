import { finished, type Readable, type Transform } from 'node:stream';
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
} from 'node:zlib';
import type { Recorder } from '../recorder.js';

/**
 * Gives a body to the recorder as a client that reads while it comes would see it. Resolves when all
 * that came has been looked at, however it ended.
 */
export function readBody(body: Readable, coding: string | undefined, recorder: Recorder) {
  return new Promise<void>((resolve) => {
    const createDecoder = DECODERS.get(coding ?? '');
    let decoder: Transform | undefined;
    const decodeFrom = (first: Buffer, created: Transform): void => {
      decoder = created;
      created.on('data', (bytes: Buffer) => recorder.body(bytes));
      created.on('error', (error) => {
        recorder.undecodable(error.message);
        body.unpipe(created).resume();
      });
      created.write(first);
      body.pipe(created, { end: false });
    };
    body.on('data', (bytes: Buffer) => {
      recorder.received(bytes.length);
      if (createDecoder === undefined) recorder.body(bytes);
      else if (decoder === undefined) decodeFrom(bytes, createDecoder(bytes[0] ?? 0));
    });
    finished(body, { writable: false }, () => {
      if (decoder === undefined || decoder.destroyed) resolve();
      else decoder.once('close', resolve).end();
    });
  });
}

/** They give what is there without waiting for more, also of a body that was cut. */
const FLUSHED = { flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH };
const FLUSHED_BROTLI = {
  flush: constants.BROTLI_OPERATION_FLUSH,
  finishFlush: constants.BROTLI_OPERATION_FLUSH,
};
const ZLIB_METHOD = 8;

/** By content coding, and by the first byte of the body. */
const DECODERS = new Map<string, (first: number) => Transform>([
  ['gzip', () => createGunzip(FLUSHED)],
  ['x-gzip', () => createGunzip(FLUSHED)],
  // Some leave out the head of zlib, and browsers take both (RFC 9110, section 8.4.1.2).
  [
    'deflate',
    (first: number) =>
      (first & 0x0f) === ZLIB_METHOD ? createInflate(FLUSHED) : createInflateRaw(FLUSHED),
  ],
  ['br', () => createBrotliDecompress(FLUSHED_BROTLI)],
]);

/** Codings that can be undone here. */
export const ACCEPT_ENCODING = 'gzip, deflate, br';

/** Whether the bytes of a body under this coding say nothing to us. */
export function isOpaque(coding: string | undefined): boolean {
  return coding !== undefined && !DECODERS.has(coding);
}
