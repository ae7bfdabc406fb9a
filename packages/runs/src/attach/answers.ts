import { joined } from '../bytes.js';
import type { RunsContext } from '../context.js';
import { describeRun, type RunDescription } from '../describe.js';
import type { EndEntry, RunHead } from '../entry.js';
import { RunError } from '../errors.js';
import { within } from '../insist.js';
import { eventsPath, resultPath, statusPath } from '../places.js';
import { problemOfError, problemResponse } from '../problem.js';
import type { RunRecord } from '../store.js';
import { report } from '../warnings.js';
import { addKept } from './headers.js';
import type { AsyncPreference } from './prefer.js';

/** Those whose answers have no body. */
export const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/** The whole answer of a run that is not an event stream. */
export function resultResponse(
  { settings }: RunsContext,
  run: string,
  head: RunHead,
  chunks: readonly Uint8Array[],
  headers: Headers,
): Response {
  addKept(headers, head);
  headers.set('Content-Location', resultPath(settings, run));
  const { status } = head;
  if (WITHOUT_BODY.has(status)) return new Response(null, { status, headers });
  const body = joined(chunks);
  headers.set('Content-Length', String(body.length));
  return new Response(body, { status, headers });
}

/** A body that is still being written. */
export function chunksResponse(
  { settings }: RunsContext,
  run: string,
  head: RunHead,
  body: ReadableStream<Uint8Array>,
  headers: Headers,
): Response {
  addKept(headers, head);
  headers.set('Content-Location', resultPath(settings, run));
  // A compressor would hold chunks back, and nginx would buffer them.
  headers.set('Cache-Control', 'no-store, no-transform');
  headers.set('X-Accel-Buffering', 'no');
  return new Response(body, { status: head.status, headers });
}

/** An event stream that has begun, or ended before it had a head. */
export function eventsResponse(
  { settings }: RunsContext,
  run: string,
  head: RunHead | undefined,
  body: ReadableStream<Uint8Array> | string,
  headers: Headers,
): Response {
  if (head === undefined) headers.set('Content-Type', 'text/event-stream');
  else addKept(headers, head);
  // A compressor would hold events back, and nginx would buffer them.
  headers.set('Cache-Control', 'no-store, no-transform');
  headers.set('X-Accel-Buffering', 'no');
  headers.set('Content-Location', eventsPath(settings, run));
  return new Response(body, { status: head?.status ?? 200, headers });
}

/** The answer of a run that has no result, or broke off. */
export function endResponse(run: string, end: EndEntry, headers: Headers): Response {
  const { status, code = 'handler_error', detail } = end;
  return problemResponse({ status, code, detail, run }, headers);
}

/** "It goes on; look there." */
export async function acceptedResponse(
  context: RunsContext,
  record: RunRecord,
  { applied }: AsyncPreference,
  headers: Headers,
): Promise<Response> {
  const description = await latest(context, record);
  headers.set('Content-Type', 'application/json');
  headers.set('Location', statusPath(context.settings, record.run));
  headers.set('Preference-Applied', applied);
  headers.set('Retry-After', '5');
  return new Response(JSON.stringify(description), { status: 202, headers });
}

/** The head is withheld for a 202 only so long, and what was known before is as good. */
const LATEST_WITHIN_MS = 500;

async function latest(context: RunsContext, record: RunRecord): Promise<RunDescription> {
  const { runtime, store } = context;
  try {
    return await within(
      async () => describeRun(context, (await store.get(record.run)) ?? record),
      LATEST_WITHIN_MS,
      runtime,
    );
  } catch {
    return describeRun(context, record);
  }
}

const FAULTS_OF_THE_PROGRAM: ReadonlySet<string> = new Set(['invalid_option', 'empty_principal']);

/**
 * What a failure comes to before anything was sent.
 * @throws whatever is none of ours
 */
export function failureResponse(error: unknown, run?: string, headers?: Headers): Response {
  const problem = problemOfError(error);
  if (problem !== undefined) {
    return problemResponse({ ...problem, run: problem.run ?? run }, headers);
  }
  // What the programmer must mend is thrown, so that it is seen.
  const isOurs = error instanceof RunError && !FAULTS_OF_THE_PROGRAM.has(error.code);
  if (!isOurs) throw error;
  report(run === undefined ? 'a run' : `run ${run}`, error);
  return problemResponse({ status: 500, code: error.code, run }, headers);
}
