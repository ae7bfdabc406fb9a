import { ANONYMOUS } from '../access/authorize.js';
import type { Granted } from '../access/gate.js';
import { failureResponse } from '../attach/answers.js';
import { attachResponse } from '../attach/attach.js';
import { runHeaders } from '../attach/headers.js';
import type { RunsContext } from '../context.js';
import { corsHeaders } from '../cors.js';
import type { Cursor } from '../cursor.js';
import { factsOf, notePattern, runEvents } from '../diagnostics.js';
import { isSecretKey } from '../idempotency/key.js';
import { type KeyMeets, meetKey, restartStates } from '../idempotency/same-key.js';
import { RunWriter } from '../owner/writer.js';
import { notFound, type ProblemFacts, problemResponse } from '../problem.js';
import { instanceOfRun, slotOf, slotOfRun } from '../run-id.js';
import type { RunRecord } from '../store.js';
import { type Claimed, claim } from './claim.js';
import type { Intent } from './intent.js';
import type { OwnRuns } from './own-runs.js';
import { addressOf, type Payload, readPayload } from './payload.js';
import { recordAnswer } from './record-answer.js';
import type { ServeContext, Work } from './work.js';
import { workRequest } from './work-request.js';

/** A request to a handler whose work may be a run. */
export interface Call {
  readonly request: Request;
  readonly work: Work<unknown>;
  readonly about: ServeContext;
  /** When it came, by the timers' clock. */
  readonly askedAt: number;
}

/** Turns requests into runs, and answers them from there. */
export class RunServer {
  readonly #context: RunsContext;
  readonly #own: OwnRuns;

  constructor(context: RunsContext, own: OwnRuns) {
    this.#context = context;
    this.#own = own;
  }

  /** Answers a request that wants something of runs. */
  async serve(call: Call, intent: Exclude<Intent, { kind: 'plain' }>): Promise<Response> {
    try {
      switch (intent.kind) {
        case 'invalid':
          throw intent.error;
        case 'resume':
          return await this.#resume(call, intent.cursor);
        case 'keyed': {
          const { key, cursor } = intent;
          return await (cursor === undefined
            ? this.#keyed(call, key)
            : this.#keyedFrom(call, key, cursor));
        }
      }
    } catch (error) {
      return failureResponse(error, undefined, this.#cors(call.request));
    }
  }

  async #resume({ request, askedAt }: Call, cursor: Cursor): Promise<Response> {
    const record = await this.#context.find(cursor.run);
    const access = await this.#context.gate.toRun(request, 'attach', record);
    if (access.kind === 'refused') return access.response;
    if (record === undefined) return notFound();
    return attachResponse(this.#context, record, { request, access, askedAt, cursor });
  }

  /**
   * Who has been there goes on there. The work is not begun again because its run was forgotten. A place
   * in another run than the key's says nothing.
   */
  async #keyedFrom(call: Call, key: string, cursor: Cursor): Promise<Response> {
    const { request, about, askedAt } = call;
    const { settings, gate, store } = this.#context;
    // A store that cannot reach the run says so only to whose run it is.
    const isElsewhere = instanceOfRun(cursor.run) !== store.instance;
    const record = isElsewhere ? undefined : await this.#context.find(cursor.run);
    const access = await (record === undefined
      ? gate.toStart(request)
      : gate.toRun(request, 'attach', record));
    const isOfKey =
      access.kind === 'granted' && (await this.#isOfKey(cursor, access.principal, call, key));
    if (!isOfKey) return this.#keyed(call, key);
    if (isElsewhere) await this.#context.find(cursor.run);
    if (record === undefined) return notFound();
    const isSameStart = record.fence.epoch === cursor.epoch;
    if (isSameStart && isIn(restartStates(settings), record.state)) {
      return this.#keyed(call, key);
    }
    const payload = await readPayload(request, settings, about);
    if (payload === undefined) return this.#tooLarge(request);
    if (payload.fingerprint !== record.fingerprint) {
      return this.#refuse(
        request,
        record,
        access,
        meetKey({ outcome: 'conflict', record }, settings),
      );
    }
    return attachResponse(this.#context, record, { request, access, askedAt, cursor });
  }

  async #isOfKey(
    { run }: Cursor,
    principal: string,
    { request, about }: Call,
    key: string,
  ): Promise<boolean> {
    const identity = { principal, route: routeOf(request, about), key };
    return slotOfRun(run) === (await slotOf(await this.#context.secret(), identity));
  }

  async #keyed(call: Call, key: string): Promise<Response> {
    const { request, about, askedAt } = call;
    const { settings, gate } = this.#context;
    const access = await gate.toStart(request);
    if (access.kind === 'refused') return access.response;
    const { principal } = access;
    if (principal === ANONYMOUS && !isSecretKey(key)) {
      return problemResponse(WEAK_KEY, this.#cors(request));
    }
    const payload = await readPayload(request, settings, about);
    if (payload === undefined) return this.#tooLarge(request);
    const identity = { principal, route: routeOf(request, about), key };
    const restart = restartStates(settings);
    // Without room it is only looked whether the key has a run: what it has is left as it is.
    const refusal = this.#refusal(principal);
    const claimed = await claim(
      this.#context,
      identity,
      payload.fingerprint,
      refusal === undefined ? restart : [],
    );
    const { outcome, record } = claimed.answer;
    if (refusal !== undefined && outcome === 'exists' && isIn(restart, record.state)) {
      return problemResponse(refusal, this.#cors(request));
    }
    const meets = meetKey(claimed.answer, settings);
    if (meets.kind === 'start') return this.#start(call, claimed, payload, access);
    if (meets.kind === 'refuse') return this.#refuse(request, meets.record, access, meets);
    const gone = () => (this.#own.wasRefused(record.run) ? GIVEN_BACK : undefined);
    return attachResponse(this.#context, meets.record, { request, access, askedAt, gone });
  }

  async #refuse(
    request: Request,
    { run }: RunRecord,
    access: Granted,
    meets: KeyMeets,
  ): Promise<Response> {
    if (meets.kind !== 'refuse') throw new Error(`run ${run} does not refuse its key`);
    const { status, code, detail } = meets;
    const headers = await runHeaders(this.#context, request, run, access);
    return problemResponse({ status, code, detail, run }, headers);
  }

  #tooLarge(request: Request): Response {
    return problemResponse(tooLarge(this.#context.settings.maxBodyBytes), this.#cors(request));
  }

  async #start(
    call: Call,
    { answer, claimedAt }: Claimed,
    payload: Payload,
    access: Granted,
  ): Promise<Response> {
    const { store, settings, runtime } = this.#context;
    const { record } = answer;
    // The room may have been taken while the store was asked.
    const refusal = this.#refusal(record.principal);
    // What never began need not be remembered, or refusals would fill the store.
    const isForgotten = refusal !== undefined && record.attempt === 1;
    const owner = isForgotten ? { ...settings.owner, retentionMs: 0 } : settings.owner;
    const writer = new RunWriter(store, record, claimedAt, owner, runtime.timers);
    if (refusal !== undefined) {
      this.#own.refuse(record.run);
      await writer.release('not_started');
      return problemResponse(refusal, this.#cors(call.request));
    }
    this.#own.add(writer, record.principal);
    if (runEvents.wants('run-start')) {
      runEvents.notify({ type: 'run-start', run: factsOf(record), request: call.request });
    }
    const done = this.#begin(call, record, writer, payload);
    call.about.waitUntil?.(done);
    const { request, askedAt } = call;
    return attachResponse(this.#context, record, { request, access, askedAt, isFirst: true });
  }

  /** Calls the handler. What it makes belongs to the run from now on, and to no connection. */
  #begin(
    { request, work }: Call,
    { run, attempt, route }: RunRecord,
    writer: RunWriter,
    { body }: Payload,
  ): Promise<void> {
    const { signal } = writer;
    const started = workRequest(request, body, signal);
    const touch = (): void => writer.touch();
    const queued = (bytes: number): boolean => writer.queued(bytes);
    const over = writer.outcome;
    const handler = (): unknown => work(started, { signal, id: run, attempt, touch, queued, over });
    return recordAnswer(writer, handler, this.#context.settings, route);
  }

  #cors(request: Request): Headers {
    return corsHeaders(request, this.#context.settings.cors);
  }

  /** Why no work may be started now. A second request under a key that is at work is no new work. */
  #refusal(principal: string): ProblemFacts | undefined {
    if (this.#own.isDraining) {
      const detail = 'The server is shutting down: send the request again.';
      return { status: 503, code: 'drained', detail };
    }
    if (this.#own.hasRoomFor(principal)) return undefined;
    const detail = 'Too much work is going on already: send the request again later.';
    return { status: 429, code: 'too_many_runs', detail };
  }
}

const WEAK_KEY: ProblemFacts = {
  status: 400,
  code: 'weak_key',
  detail:
    'Without a login the key is all that proves whose work this is: send one with at least 128 random bits, such as a UUID.',
};

const GIVEN_BACK: ProblemFacts = {
  status: 503,
  code: 'not_started',
  detail: 'The work was not begun after all: send the request again.',
};

function isIn(states: readonly string[], state: string): boolean {
  return states.includes(state);
}

function routeOf(request: Request, { route }: ServeContext): string {
  if (route === undefined) return `${request.method} ${addressOf(request).pathname}`;
  notePattern(route);
  return route;
}

function tooLarge(maxBytes: number): ProblemFacts {
  return {
    status: 413,
    code: 'body_too_large',
    detail: `A request with a key may have a body of ${maxBytes} bytes.`,
  };
}
