import type { Lane } from './clock.js';
import type { HoldInfo, HowItEnded } from './diagnostics.js';
import { HoldOpenError } from './errors.js';
import type { BeatFormat, BoundaryTracker, Chunk, Place } from './formats/format.js';
import { type Answer, JsonAnswer, KeptAnswer, StreamAnswer } from './late/answer.js';
import {
  type AnswerFacts,
  chooseAnswer,
  chooseByFirstBytes,
  readErrorBody,
} from './late/choose.js';
import type { HeaderPair } from './late/head.js';
import { type AnswerHead, selectLateHeaders } from './late/listed.js';
import { errorObject, type LateError, type LateOutcome, statusOfError } from './late/outcome.js';
import type { Settings } from './options.js';
import { HoldReporter } from './reporter.js';
import type { Seat } from './roster.js';
import type { Surroundings } from './surroundings.js';

/**
 * - `streaming`: the handler sent the head itself, and its body has gaps.
 * - `held`: holdopen sent the head; nothing of the handler's answer is known.
 * - `answering`: the handler's answer is on its way out under that head.
 * - `complete`: ended by the handler.
 * - `failed`: ended or cut by holdopen; what the handler still writes is dropped.
 * - `gone`: the client left.
 * - `untouched`: a stream of the handler that fell silent when there was no room for it.
 */
export type HoldState =
  | 'streaming'
  | 'held'
  | 'answering'
  | 'complete'
  | 'failed'
  | 'gone'
  | 'untouched';

/** The one place that says which state may follow which. */
const NEXT: Readonly<Record<HoldState, readonly HoldState[]>> = {
  streaming: ['complete', 'failed', 'gone', 'untouched'],
  held: ['answering', 'failed', 'gone'],
  answering: ['complete', 'failed', 'gone'],
  complete: [],
  failed: [],
  gone: [],
  untouched: [],
};

/** The adapter's side of one response: bytes go out here. */
export interface HoldHost<Request> {
  readonly request: Request;
  /** See `newHoldId`. */
  readonly id: string;
  readonly method: string;
  /** Names the route in warnings. */
  readonly route: string;
  /** Its pattern, for metrics; see `HoldInfo.route`. */
  readonly pattern: string | undefined;
  /** The client takes bytes right now, so that a beat would not queue. */
  ready(): boolean;
  /** One write. */
  sendBeat(bytes: Uint8Array): void;
  /** The last bytes, then a clean end or a cut. `status` is the true one, if it failed. */
  finish(text: string, cut: boolean, status: number | undefined): void;
  /** Call `beatDue` after the lane's delay. */
  wait(lane: Lane): void;
  /** Do not call it any more. */
  stopWaiting(): void;
  /** Fire the handler's signal. */
  abort(reason: HoldOpenError): void;
  /** Run user code in the request's own async context. */
  run(callback: () => void): void;
}

/** What a handler's `end` comes to. */
export interface AnswerEnd {
  readonly chunks: readonly Chunk[];
  readonly cut: boolean;
}

/** Next to the interval itself, how many shorter ones spread holds that began together. */
const PHASES = 16;
/** The beats of holds that began together may differ by up to this part of the interval. */
const SPREAD = 0.25;
/** Remaining times are rounded up to this, so that there are few lanes. */
const LANE_GRAIN_MS = 100;

let nextPhase = 0;

const HOW_IT_ENDED = {
  streaming: 'complete',
  held: 'complete',
  answering: 'complete',
  complete: 'complete',
  failed: 'failed',
  gone: 'disconnected',
  untouched: 'untouched',
} as const satisfies Record<HoldState, HowItEnded>;

let nextId = 0;
const ID_PREFIX = Math.random().toString(36).slice(2, 8).padEnd(6, '0');

/** An id for a hold: unique in this process and unlikely to meet another process's. No secret. */
export function newHoldId(): string {
  nextId += 1;
  return `${ID_PREFIX}-${nextId.toString(36)}`;
}

/** One response under keep-alive. Pure: time, bytes and the adapter's objects are handed in. */
export class Hold<Request = unknown> implements HoldInfo {
  format: string;
  beats = 0;
  beatsDropped = 0;
  payloadSize = 0;
  state: HoldState;
  readonly #around: Surroundings;
  readonly #host: HoldHost<Request>;
  readonly #tell: HoldReporter<Request>;
  #settings: Settings<Request>;
  #format: BeatFormat;
  /** Follows a body that its handler began by itself. */
  #tracker: BoundaryTracker | undefined;
  #begun = false;
  /** Counts towards `maxHolds`: it has been silent for long enough to need a beat. */
  #occupies = false;
  /** The interval stands in a comment of the stream. */
  #announced = false;
  #answer: Answer | undefined;
  #facts: AnswerFacts | undefined;
  /** The payload has no declared type, and its first bytes have not come yet. */
  #unproven = false;
  #outcome: LateOutcome | undefined;
  #abortReason: HoldOpenError | undefined;
  /** What the handler has thrown, which more than one may tell of. */
  #error: unknown;
  /** In the registry. */
  readonly #seat: Seat<Hold<never>>;
  readonly #startedMs: number;
  /** The handler's last sign of life. */
  #lifeMs: number;
  /** When the last byte was sent. */
  #sentMs: number;

  constructor(
    around: Surroundings,
    host: HoldHost<Request>,
    settings: Settings<Request>,
    format: BeatFormat,
    state: 'streaming' | 'held',
    silentSinceMs: number,
  ) {
    this.#around = around;
    this.#host = host;
    this.#settings = settings;
    this.#format = format;
    this.format = format.name;
    this.state = state;
    this.#startedMs = silentSinceMs;
    this.#lifeMs = silentSinceMs;
    this.#sentMs = silentSinceMs;
    if (state === 'streaming') this.#tracker = format.createTracker();
    this.#tell = new HoldReporter(around, host, this);
    // Before anybody is told of it, for whoever hears of it may end it at once.
    this.#seat = around.registry.add(this as unknown as Hold<never>);
    this.#tell.start();
    if (state === 'held') {
      this.#occupy();
      this.#tell.commit();
    }
  }

  get id(): string {
    return this.#host.id;
  }

  get method(): string {
    return this.#host.method;
  }

  get route(): string | undefined {
    return this.#host.pattern;
  }

  get intervalMs(): number {
    return this.#settings.intervalMs;
  }

  get heldMs(): number {
    return this.#around.clock.now() - this.#startedMs;
  }

  get silentMs(): number {
    return this.#around.clock.now() - this.#lifeMs;
  }

  get unsentMs(): number {
    return this.#around.clock.now() - this.#sentMs;
  }

  /** For who looks at the active holds: whose this is. */
  get request(): Request {
    return this.#host.request;
  }

  /** The hold has ended, whoever ended it. */
  get over(): boolean {
    return NEXT[this.state].length === 0;
  }

  /** Innermost options win, also when they are mounted after the commit. */
  useSettings(settings: Settings<Request>): void {
    this.#settings = settings;
  }

  /** A sign of life from the handler: silence is counted from here. */
  touch(): void {
    this.#lifeMs = this.#around.clock.now();
  }

  /** The interval has passed without a byte of the body. */
  beatDue(nowMs: number): void {
    if (this.over) return;
    const silentMs = nowMs - this.#lifeMs;
    const limitMs = this.#silenceLimitMs();
    if (silentMs >= limitMs) {
      this.#tooSilent(silentMs);
      return;
    }
    this.#occupy();
    const first = this.beats === 0;
    this.#beat(first, nowMs);
    if (this.over) return;
    this.#host.wait(this.#nextLane(first, limitMs - silentMs));
  }

  /** Bytes of a stream that its handler began are leaving. */
  passed(chunk: Chunk): void {
    if (chunk.length > 0) this.#begun = true;
    this.#tracker?.push(chunk);
    this.touch();
    this.payloadSize += chunk.length;
    this.#sentMs = this.#lifeMs;
  }

  /**
   * The handler sent its own head and fell silent before its first byte: what it writes goes through
   * `write` and `end` all the same, for it has beats before it.
   */
  guardBody(): void {
    const format = this.#format;
    this.#answer =
      format.name === 'json'
        ? new JsonAnswer('', '')
        : new StreamAnswer('', format.createTracker(true));
  }

  /** The handler's head is known: decide what becomes of its body. */
  answer(head: AnswerHead): void {
    if (this.state !== 'held') return;
    const listed = hasLateHead(this.#format) ? this.#settings.lateHeaders : undefined;
    const headers = selectLateHeaders(head, listed, (name, reason) => {
      this.#tell.headerDropped(name, reason);
    });
    this.#facts = {
      status: head.status,
      contentType: head.contentType,
      isHeld: head.isHeld === true,
      headers,
      format: this.#format,
      formats: this.#settings.formats,
    };
    const choice = chooseAnswer(this.#facts);
    this.#unproven = head.contentType === undefined;
    if (choice.switchedTo !== undefined) {
      this.#format = choice.switchedTo;
      this.format = choice.switchedTo.name;
      this.#tell.warnOnce(
        'HOLDOPEN_FORMAT_SWITCH',
        'answered with an event stream after a JSON head had been sent. It was passed on; give format: (request) => … so that the right head is sent from the start.',
      );
    }
    this.#answer = choice.answer;
    this.#outcome = choice.outcome;
    this.#to('answering');
  }

  /** What may leave of a chunk the handler wrote. */
  write(chunk: Chunk): readonly Chunk[] {
    this.touch();
    this.payloadSize += chunk.length;
    this.#prove(chunk);
    const chunks = this.#answer?.push(chunk) ?? [];
    if (chunks.length > 0) this.#sentMs = this.#lifeMs;
    return chunks;
  }

  /** What leaves at the handler's end. The hold is over then. */
  end(chunk: Chunk | undefined): AnswerEnd {
    if (this.#answer === undefined || this.over) return { chunks: [], cut: false };
    if (chunk !== undefined) {
      this.payloadSize += chunk.length;
      this.#prove(chunk);
    }
    return this.#settle(this.#answer.end(chunk));
  }

  /** The handler ended a stream of its own. */
  completed(): void {
    if (this.over) return;
    this.#leave('complete');
    this.#told(undefined, false);
  }

  /** There is no room: the stream goes on as it would without us. */
  pass(): void {
    this.#leave('untouched');
    this.#told(undefined, false);
  }

  /** The handler threw or rejected. */
  threw(error: unknown): void {
    if (this.over) {
      if (this.#isExpected(error)) return;
      const what = 'the handler failed after its answer had ended';
      this.#around.report(`${this.#host.route}: ${what}`, error);
      return;
    }
    this.#fail({
      ok: false,
      status: statusOfError(error),
      code: 'handler_error',
      headers: [],
      error,
    });
  }

  /** Work that was told to stop has stopped, or the application has answered with this very error. */
  #isExpected(error: unknown): boolean {
    if (error !== undefined && error === this.#error) return true;
    const reason = this.#abortReason;
    const { name, cause } = (error ?? {}) as { name?: unknown; cause?: unknown };
    if (reason !== undefined && (error === reason || cause === reason || name === 'AbortError')) {
      return true;
    }
    return this.#outcome?.ok === false;
  }

  /** The payload could not be decoded, or was not as long as its head said. */
  undecodable(detail: string): void {
    this.#fail({ ok: false, status: 500, code: 'undecodable', headers: [], detail });
  }

  /** The client left. */
  disconnected(): void {
    if (this.over) return;
    this.#leave('gone');
    this.#tell.disconnect();
    this.#told(undefined, false);
    if (this.#settings.onDisconnect === 'abort') {
      this.#abort(
        new HoldOpenError(
          'HOLDOPEN_DISCONNECTED',
          "The client left before the answer was complete. Set onDisconnect: 'continue' if the work should go on.",
        ),
      );
    }
  }

  /**
   * The server is shutting down. Gives whether the hold was ended: event streams of a GET at once,
   * if they stand at a boundary; all others when `patienceMs` is 0.
   */
  drain(patienceMs: number, retryAfterSeconds: number): boolean {
    if (this.over) return false;
    if (this.#host.method === 'GET' && this.#format.name === 'sse' && this.place() === 'boundary') {
      // Each client comes back at a time of its own: one to two times as long as it is told.
      const retryMs = Math.round(retryAfterSeconds * 1_000 * (1 + Math.random()));
      this.#leave('failed');
      this.#host.finish(`retry: ${retryMs}\n\n`, false, undefined);
      this.#told(undefined, false);
      this.#abortDrained();
      return true;
    }
    if (patienceMs > 0) return false;
    const headers: HeaderPair[] = [['retry-after', String(retryAfterSeconds)]];
    const detail = 'The server is shutting down.';
    this.#fail({ ok: false, status: 503, code: 'drained', headers, detail });
    this.#abortDrained();
    return true;
  }

  /** Where the body stands that has left so far. */
  place(): Place {
    if (this.#answer !== undefined) return this.#answer.place();
    return this.#tracker === undefined ? 'boundary' : this.#tracker.place();
  }

  #occupy(): void {
    if (this.#occupies) return;
    this.#occupies = true;
    this.#around.registry.occupied += 1;
  }

  #abort(reason: HoldOpenError): void {
    this.#abortReason = reason;
    this.#host.abort(reason);
  }

  #to(state: HoldState): void {
    if (!NEXT[this.state].includes(state)) {
      throw new Error(`holdopen: a hold cannot go from ${this.state} to ${state}`);
    }
    this.state = state;
  }

  #beat(first: boolean, nowMs: number): void {
    const place = this.place();
    if (place === 'closed') return;
    if (!this.#host.ready()) {
      this.beatsDropped += 1;
      this.#tell.beatDropped();
      return;
    }
    const bytes = this.#beatBytes(place, first);
    if (bytes === undefined) return;
    this.#host.sendBeat(bytes);
    this.#sentMs = nowMs;
    this.beats += 1;
    this.#tell.beat(this.#settings.onBeat);
  }

  #beatBytes(place: 'boundary' | 'inside', first: boolean): Uint8Array | undefined {
    // No header told the client the interval of a stream that its handler began, so a comment does.
    const announces = place === 'boundary' && this.state === 'streaming' && !this.#announced;
    if (announces && this.#format.name === 'sse') {
      this.#announced = true;
      return this.#settings.formats.sse.announcement(this.#settings.intervalMs);
    }
    return this.#format.beat(place, first);
  }

  #silenceLimitMs(): number {
    const { maxSilenceMs, maxSilenceGiven } = this.#settings;
    if (maxSilenceMs === false) return Number.POSITIVE_INFINITY;
    const streams = this.#format.name === 'sse' && (this.#begun || this.#answer?.begun === true);
    if (streams && this.#host.method === 'GET' && !maxSilenceGiven) return Number.POSITIVE_INFINITY;
    return maxSilenceMs;
  }

  #nextLane(first: boolean, untilLimitMs: number): Lane {
    const { intervalMs } = this.#settings;
    let delayMs = intervalMs;
    if (first) {
      // Holds that began in the same moment must not beat in the same moment for ever.
      nextPhase = (nextPhase + 1) % PHASES;
      delayMs = intervalMs - Math.floor((intervalMs * SPREAD * nextPhase) / PHASES);
    }
    if (untilLimitMs < delayMs) {
      const grain = Math.min(LANE_GRAIN_MS, intervalMs);
      delayMs = Math.min(delayMs, Math.max(1, Math.ceil(untilLimitMs / grain) * grain));
    }
    return this.#around.clock.lane(delayMs);
  }

  #tooSilent(silentMs: number): void {
    this.#tell.silence(silentMs);
    const detail = 'The handler gave no sign of life for too long.';
    this.#fail({ ok: false, status: 504, code: 'silence', headers: [], detail });
    this.#abort(
      new HoldOpenError(
        'HOLDOPEN_SILENCE',
        `The handler gave no sign of life for ${Math.round(silentMs)} ms. Call touch() while it works, or raise maxSilenceMs.`,
      ),
    );
  }

  #abortDrained(): void {
    this.#abort(
      new HoldOpenError('HOLDOPEN_DRAINED', 'The server is shutting down; the answer was ended.'),
    );
  }

  /** A payload of no declared type must at least begin like the format that was promised. */
  #prove(chunk: Chunk): void {
    if (!this.#unproven || this.#facts === undefined) return;
    const choice = chooseByFirstBytes(this.#facts, chunk);
    this.#unproven = choice === 'undecided';
    if (typeof choice === 'string') return;
    this.#answer = choice.answer;
    this.#outcome = choice.outcome;
  }

  #settle(chunks: readonly Chunk[]): AnswerEnd {
    const outcome = this.#outcome;
    if (this.#isEmptySuccess() && this.#facts !== undefined) {
      const choice = chooseAnswer({ ...this.#facts, contentType: undefined });
      this.#outcome = choice.outcome;
      this.#answer = choice.answer;
      return this.#settle(choice.answer.end(undefined));
    }
    if (this.#answer instanceof KeptAnswer && outcome?.ok === false) {
      const { failure, ownJson } = readErrorBody(outcome, this.#answer);
      // First, so that user code which answers from in here meets a hold that is over.
      this.#leave('failed');
      const ending = this.#ending(failure, ownJson);
      this.#told(failure, ending.cut);
      return { chunks: ending.text === '' ? [] : [ending.text], cut: ending.cut };
    }
    this.#leave('complete');
    this.#told(outcome, false);
    return { chunks, cut: false };
  }

  /** A success of another type that turned out to have no body at all. */
  #isEmptySuccess(): boolean {
    const answer = this.#answer;
    return answer instanceof KeptAnswer && answer.empty && (this.#facts?.status ?? 500) < 300;
  }

  #fail(outcome: LateError): void {
    if (this.over) return;
    this.#error = outcome.error;
    this.#leave('failed');
    const ending = this.#ending(outcome, undefined);
    this.#host.finish(ending.text, ending.cut, outcome.status);
    this.#told(outcome, ending.cut);
  }

  #ending(outcome: LateError, ownJson: string | undefined): { text: string; cut: boolean } {
    const policy = this.#settings.lateError;
    let json: string | undefined;
    let kind: 'cut' | 'body' | 'value' = policy === 'body' ? 'body' : 'cut';
    if (typeof policy === 'function') {
      this.#tell.hook('lateError', () => {
        const value = policy(outcome, this.#host.request);
        if (isThenable(value)) {
          value.then(undefined, () => {});
          throw new TypeError('lateError gave a promise; it must give its value at once');
        }
        json = JSON.stringify(value);
        if (json !== undefined) kind = 'value';
      });
    }
    const begun = this.#answer?.begun ?? this.#begun;
    const place = this.place();
    const failure = {
      status: outcome.status,
      headers: outcome.headers,
      json: json ?? errorObject(outcome, ownJson),
      kind,
      begun,
    };
    return this.#format.lateFailure?.(failure, place) ?? { text: '', cut: true };
  }

  /** The hold is over; the rest is telling. */
  #leave(state: 'complete' | 'failed' | 'gone' | 'untouched'): void {
    this.#to(state);
    this.#host.stopWaiting();
    if (this.#occupies) this.#around.registry.occupied -= 1;
    this.#around.registry.remove(this.#seat);
  }

  #told(outcome: LateOutcome | undefined, cut: boolean): void {
    if (outcome !== undefined) this.#tell.outcome(outcome, this.#settings.onLateOutcome);
    this.#tell.end(HOW_IT_ENDED[this.state], outcome, cut);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

/** Records and the user's own formats have no place for a late head. */
function hasLateHead({ name }: BeatFormat): boolean {
  return name === 'json' || name === 'sse';
}
