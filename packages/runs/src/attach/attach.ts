import type { Granted } from '../access/gate.js';
import type { RunsContext } from '../context.js';
import { corsHeaders } from '../cors.js';
import type { Cursor } from '../cursor.js';
import { endOf } from '../describe.js';
import { factsOf, runEvents } from '../diagnostics.js';
import type { RunHead } from '../entry.js';
import { RunError } from '../errors.js';
import { notFound, type ProblemFacts, problemResponse } from '../problem.js';
import type { RunRecord } from '../store.js';
import { accepts, isJson } from './accept.js';
import {
  acceptedResponse,
  chunksResponse,
  endResponse,
  eventsResponse,
  failureResponse,
  resultResponse,
  WITHOUT_BODY,
} from './answers.js';
import { chunkBody } from './chunk-body.js';
import { endBody, eventBody } from './event-body.js';
import { find } from './found.js';
import { runHeaders } from './headers.js';
import { asyncPreference } from './prefer.js';
import { Watcher } from './watcher.js';

/** One request that joins a run. */
export interface Attachment {
  readonly request: Request;
  /** What the gate granted. */
  readonly access: Granted;
  /** When the request came, by the timers' clock: what it waits for the store counts. */
  readonly askedAt: number;
  /** Where to go on from; the beginning without one. */
  readonly cursor?: Cursor | undefined;
  /**
   * `'events'`: only an event stream will do, and `Prefer` means nothing.
   * @default 'any'
   */
  readonly as?: 'any' | 'events' | undefined;
  /** It started the work: whatever type the handler chose for it is right. */
  readonly isFirst?: boolean | undefined;
  /** What this process knows of why the run is there no more. */
  readonly gone?: (() => ProblemFacts | undefined) | undefined;
}

/** A run that is started anew while somebody waits for its answer is waited for again. */
const MAX_ATTEMPTS = 3;

/**
 * The answer of a run for one more client: its events from the cursor on, at once; or its whole result
 * when it is there. The client's leaving ends nothing but this.
 */
export async function attachResponse(
  context: RunsContext,
  record: RunRecord,
  attachment: Attachment,
): Promise<Response> {
  const { request, access, cursor } = attachment;
  const { run } = record;
  if (attachment.isFirst !== true) tellJoined(request, record, cursor);
  let current: RunRecord | undefined = record;
  for (let attempt = 1; current !== undefined; attempt += 1) {
    const headers = await runHeaders(context, request, run, access);
    context.knownHeaders.set(request, new Headers(headers));
    try {
      return await join(context, current, attachment, headers);
    } catch (error) {
      const isLost = error instanceof RunError && error.code === 'cursor_lost';
      // Who named no place has none to lose.
      if (!isLost || cursor !== undefined || attempt >= MAX_ATTEMPTS) {
        return failureResponse(error, run, headers);
      }
      current = await context.find(run);
    }
  }
  const why = attachment.gone?.() ?? goneProblem(record);
  const headers = corsHeaders(request, context.settings.cors);
  return why === undefined ? notFound(headers) : problemResponse(why, headers);
}

function tellJoined(request: Request, record: RunRecord, cursor: Cursor | undefined): void {
  const { state, tail } = record;
  // A place of another start is refused.
  if (cursor !== undefined && cursor.epoch === record.fence.epoch) {
    if (!runEvents.wants('run-resume')) return;
    const { offset: after } = cursor;
    const behind = Math.max(0, tail - after);
    runEvents.notify({ type: 'run-resume', run: factsOf(record), request, state, after, behind });
  } else if (cursor === undefined && runEvents.wants('run-attach')) {
    runEvents.notify({ type: 'run-attach', run: factsOf(record), request, state });
  }
}

/** Why the store does not know a run any more that it knew when it was asked first. */
function goneProblem({ run, state }: RunRecord): ProblemFacts | undefined {
  // It expired.
  if (state !== 'running') return undefined;
  // Its work may still go on: nobody may be told that there was none.
  const detail = 'The store lost this run while its work went on; how far it came is not known.';
  return { status: 500, code: 'lost', detail, run };
}

async function join(
  context: RunsContext,
  record: RunRecord,
  attachment: Attachment,
  headers: Headers,
): Promise<Response> {
  const { request, access, as = 'any' } = attachment;
  const { run, fence } = record;
  const from = attachment.cursor ?? { run, epoch: fence.epoch, offset: 0 };
  if (isEndOf(record, from)) return atEnd(context, record, headers);
  const watcher = new Watcher(context, request, record, access);
  const batches = context.feeds.batches(run, { cursor: from, signal: watcher.signal, record });
  const leave = async (): Promise<void> => {
    watcher.leave();
    await batches.return();
  };
  try {
    const preference = as === 'events' ? undefined : asyncPreference(request);
    // What is there already is not waited for.
    const isWaiting = preference !== undefined && record.state === 'running';
    const waitedMs = context.runtime.timers.now() - attachment.askedAt;
    const forget = isWaiting ? watcher.limit(preference.waitMs - waitedMs) : undefined;
    const found = await find(
      batches,
      (head) => isWanted(head, attachment),
      // Who would rather have a 202 does not want to read along.
      (head) => preference === undefined && isOfUseInPart(head),
    );
    forget?.();
    // It came while the head was being read, and the watcher has left meanwhile.
    if (found.kind === 'events' && watcher.why === undefined) {
      const body = eventBody(batches, from, watcher, () => context.delivered(record));
      return eventsResponse(context, run, found.head, body, headers);
    }
    // Chunks have no ids, so that nobody can have come half way.
    if (from.offset > 0 && (found.kind === 'chunks' || found.kind === 'result')) {
      throw new RunError('cursor_lost', 'This run has no events.', { run });
    }
    if (found.kind === 'chunks' && watcher.why === undefined) {
      const body = chunkBody(run, batches, watcher, () => context.delivered(record));
      return chunksResponse(context, run, found.head, body, headers);
    }
    await leave();
    switch (found.kind) {
      case 'unwanted':
        return notAcceptable(found.head, run, headers);
      case 'broken':
        context.delivered(record);
        // Whoever follows the events is told in one how they ended, with an id, and does not come back.
        if (as === 'events') {
          const body = endBody(from, found.end, found.cursor);
          return eventsResponse(context, run, undefined, body, headers);
        }
        return endResponse(run, found.end, headers);
      case 'result':
        context.delivered(record);
        return resultResponse(context, run, found.head, found.chunks, headers);
      case 'events':
      case 'chunks':
      case 'nothing':
        if (watcher.why?.kind === 'refused') return watcher.why.response;
        if (watcher.why?.kind === 'late' && preference !== undefined) {
          return await acceptedResponse(context, record, preference, headers);
        }
        return unanswered(watcher.why?.kind === 'closing', run, headers);
    }
  } catch (error) {
    await leave();
    throw error;
  }
}

/**
 * Nothing more will come: an EventSource that comes back is told to stop. The end of a run that was
 * released is not the end of its work, which is still to be done.
 */
async function atEnd(context: RunsContext, record: RunRecord, headers: Headers): Promise<Response> {
  const { run, state } = record;
  if (state !== 'released') return new Response(null, { status: 204, headers });
  const { status = 503, code = 'released' } = (await endOf(context, record)) ?? {};
  const detail = 'The work was not done: send the request with its key again, without this id.';
  return problemResponse({ status, code, detail, run }, headers);
}

/** Everything was received, the end included. */
function isEndOf({ run, fence, state, tail }: RunRecord, cursor: Cursor): boolean {
  const { epoch, offset, final } = cursor;
  const isHere = cursor.run === run && fence.epoch === epoch && tail === offset;
  return isHere && state !== 'running' && final === state;
}

function isWanted(head: RunHead, { request, as, isFirst }: Attachment): boolean {
  if (as === 'events' && head.unit !== 'event') return false;
  // What went wrong is told in whatever type there is.
  if (isFirst === true || head.status >= 300) return true;
  return accepts(request.headers.get('accept'), typeOf(head));
}

/**
 * A JSON document is not, so that its status may wait for how the work ends. What has no type is taken
 * for JSON, as it is on every route.
 */
function isOfUseInPart(head: RunHead): boolean {
  const type = typeOf(head);
  return type !== null && !isJson(type) && !WITHOUT_BODY.has(head.status);
}

function typeOf({ headers }: RunHead): string | null {
  return headers.find(([name]) => name === 'content-type')?.[1] ?? null;
}

function notAcceptable(head: RunHead, run: string, headers: Headers): Response {
  const type = typeOf(head) ?? 'of no named type';
  const detail = `The output of this run is ${type}, which this request does not take.`;
  return problemResponse({ status: 406, code: 'not_acceptable', detail, run }, headers);
}

/** Nobody reads it if the client has left. */
function unanswered(isClosing: boolean, run: string, headers: Headers): Response {
  return isClosing
    ? problemResponse({ status: 503, code: 'drained', run }, headers)
    : problemResponse({ status: 499, code: 'client_left', run }, headers);
}
