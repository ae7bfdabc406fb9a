import type { PreparedHeader } from '../framework.js';
import type { HeldResponse } from '../message.js';
import { besides } from './besides.js';
import { asConnection } from './faces.js';

const { setImmediate } = globalThis;

/** A connection that waits for what a run answers. */
export interface Waiting {
  readonly res: HeldResponse;
  /** What the framework had prepared beside the response: CORS above all. */
  readonly prepared: readonly PreparedHeader[];
  /** Fires when the client has left. */
  readonly left: AbortSignal;
}

/**
 * Writes an answer to a connection, as any handler would: whoever keeps the response alive, compresses
 * it or adds to its head does so here. As fast as the client reads.
 */
export async function sendAnswer(answer: Response, waiting: Waiting): Promise<void> {
  const { res, left } = waiting;
  // The client has left, or middleware around has answered, as for a time-out.
  if (left.aborted || asConnection(res, () => res.writableEnded)) {
    await answer.body?.cancel();
    return;
  }
  const onConnection = <Result>(call: () => Result): Result => asConnection(res, call);
  const { body, headers } = answer;
  if (body === null) {
    onConnection(() => {
      prepareHead(answer, waiting);
      res.end();
    });
    return;
  }
  const reader = body.getReader();
  const stop = (): void => void reader.cancel().catch(() => {});
  left.addEventListener('abort', stop);
  try {
    const isStream = /^text\/event-stream\b/i.test(headers.get('content-type') ?? '');
    const isKnown = isStream || headers.has('content-length');
    const { pieces, length } = isKnown ? { pieces: [] } : await beginningOf(reader);
    if (length !== undefined) headers.set('Content-Length', String(length));
    onConnection(() => {
      prepareHead(answer, waiting);
      // Its first bytes may be long in coming.
      if (!headers.has('content-length')) res.flushHeaders();
    });
    let missing = Number(headers.get('content-length') ?? Number.NaN);
    for (;;) {
      const { done, value } = await (pieces.shift() ?? reader.read());
      if (left.aborted) return;
      if (done) break;
      missing -= value.length;
      if (missing === 0) {
        // In one call with the end, of which sessions keep a byte back until they are saved.
        onConnection(() => res.end(value));
        return;
      }
      if (!onConnection(() => res.write(value))) await onConnection(() => drained(res, left));
    }
    onConnection(() => res.end());
  } finally {
    left.removeEventListener('abort', stop);
  }
}

type Piece = Awaited<ReturnType<ReadableStreamDefaultReader<Uint8Array>['read']>>;

/** How a body begins. */
interface Beginning {
  readonly pieces: (Piece | Promise<Piece>)[];
  /** If that is all of it. */
  readonly length?: number;
}

/** Looks whether a body is one piece that is there at once, so that it goes out with its length. */
async function beginningOf(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Beginning> {
  const first = await reader.read();
  if (first.done) return { pieces: [first], length: 0 };
  const next = reader.read();
  // Whoever reads on hears of a failure.
  const isLast = next.then(
    ({ done }) => done,
    () => false,
  );
  const notYet = new Promise<boolean>((resolve) => setImmediate(resolve, false));
  const isWhole = await Promise.race([isLast, notYet]);
  const pieces = [first, next];
  return isWhole ? { pieces, length: first.value.length } : { pieces };
}

function prepareHead(answer: Response, { res, prepared }: Waiting): void {
  for (const [name, value] of prepared) res.setHeader(name, value);
  for (const [name, value] of besides((name) => res.getHeader(name), answer.headers))
    res.setHeader(name, value);
  for (const cookie of answer.headers.getSetCookie()) res.appendHeader('set-cookie', cookie);
  res.writeHead(answer.status);
}

/** Never waits for a client that has left. */
function drained(res: HeldResponse, left: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = (): void => {
      left.removeEventListener('abort', over);
      asConnection(res, () => res.removeListener('drain', over));
      resolve();
    };
    left.addEventListener('abort', over);
    res.once('drain', over);
    if (left.aborted) over();
  });
}
