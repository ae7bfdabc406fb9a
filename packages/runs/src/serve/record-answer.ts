import { isEventStream } from '../attach/accept.js';
import { RunError } from '../errors.js';
import { stateOfAnswer } from '../idempotency/same-key.js';
import type { RunWriter } from '../owner/writer.js';
import type { RunsSettings } from '../settings.js';
import { EventSplitter } from '../sse/split.js';
import { report } from '../warnings.js';
import { clearBody } from './content-coding.js';
import { keptHeaders } from './kept-headers.js';

/** One entry is no larger, so that watchers and stores get digestible pieces. */
const MAX_CHUNK_BYTES = 65_536;

/**
 * Calls the handler and puts all that comes of it into the log. Never rejects: whatever goes wrong is
 * the end of the run.
 */
export async function recordAnswer(
  writer: RunWriter,
  work: () => unknown,
  settings: RunsSettings,
  route: string,
): Promise<void> {
  // Told when it happens: a handler that hangs gets no further.
  const told = writer.outcome.then(() => {
    const why: unknown = writer.signal.reason;
    if (!writer.signal.aborted || (why instanceof RunError && WANTED.has(why.code))) return;
    report(`${route}: run ${writer.run} failed`, why);
  });
  try {
    const answer = await called(work);
    if (!isResponse(answer)) {
      throw new TypeError('The handler of a run gave no Response.');
    }
    // Told to stop before it had a head, the run has none: its status is that of its end.
    if (writer.signal.aborted) void answer.body?.cancel().catch(() => {});
    else await write(writer, answer, settings, route);
    await writer.end({ state: stateOfAnswer(answer.status), status: answer.status });
  } catch (error) {
    // It was told to stop, and did.
    if (!writer.signal.aborted) report(`${route}: the work of run ${writer.run} failed`, error);
    await writer.end(endOfFailure(error));
  }
  await told;
}

/** Ends that somebody asked for. */
const WANTED: ReadonlySet<string> = new Set(['cancelled', 'drained']);

/** Some frameworks throw their answers. */
async function called(work: () => unknown): Promise<unknown> {
  try {
    return await work();
  } catch (error) {
    if (isResponse(error)) return error;
    throw error;
  }
}

/** By its shape, for each realm has its own class. */
function isResponse(value: unknown): value is Response {
  if (typeof value !== 'object' || value === null) return false;
  const { status, headers } = value as { status?: unknown; headers?: { get?: unknown } };
  return typeof status === 'number' && typeof headers?.get === 'function';
}

async function write(
  writer: RunWriter,
  answer: Response,
  settings: RunsSettings,
  route: string,
): Promise<void> {
  const { status, headers } = answer;
  if (status < 200 || status > 599) {
    throw new TypeError(`An answer with the status ${status} cannot be kept.`);
  }
  const body = clearBody(answer);
  const isEvents = body !== null && isEventStream(headers.get('content-type'));
  writer.head({
    status,
    headers: keptHeaders(headers, settings.keepHeaders, route),
    unit: isEvents ? 'event' : 'chunk',
  });
  if (body === null) return;
  const reader = body.getReader();
  // However the run ends, nobody reads the rest.
  const stop = (): void => void reader.cancel(writer.signal.reason).catch(() => {});
  void writer.outcome.then(stop);
  const { maxEntryBytes } = settings.owner;
  const splitter = isEvents ? new EventSplitter(maxEntryBytes) : undefined;
  const chunkBytes = Math.max(1, Math.min(MAX_CHUNK_BYTES, maxEntryBytes - 1));
  for (;;) {
    const { done, value } = await reader.read();
    if (done) {
      const rest = splitter?.end();
      if (rest !== undefined) writer.write(rest);
      return;
    }
    // Also what is no entry yet, or never will be, such as a comment.
    writer.touch();
    // Nothing asks to wait any more: a stream that never ends would be read for ever.
    if (!writer.isOpen) {
      stop();
      return;
    }
    // A stream may give text though it should not; runtimes take it, so we do.
    const bytes: unknown = typeof value === 'string' ? new TextEncoder().encode(value) : value;
    if (!(bytes instanceof Uint8Array)) {
      throw new TypeError('A stream of the handler gave a chunk that is no Uint8Array.');
    }
    const entries = splitter?.push(bytes) ?? chunksOf(bytes, chunkBytes);
    for (const entry of entries) {
      // The handler waits while the store does.
      if (!writer.write(entry)) await writer.drained();
    }
  }
}

function* chunksOf(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) {
    yield { kind: 'chunk', bytes: bytes.subarray(at, at + size) } as const;
  }
}

/** Not the error's own words: they are for the log of the server. */
function endOfFailure(error: unknown) {
  const state = 'failed';
  if (error instanceof RunError && error.code === 'entry_too_large') {
    const detail = 'One event of the output is larger than a run may record.';
    return { state, status: 500, code: error.code, detail } as const;
  }
  return { state, status: 500, code: 'handler_error', detail: 'The work failed.' } as const;
}
