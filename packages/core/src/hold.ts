import { nextBeatLane } from './beat-lane.js';
import type { HoldInfo } from './diagnostics.js';
import { HoldOpenError } from './errors.js';
import type { BeatFormat, BoundaryTracker, Chunk, LateEnding, Place } from './formats/format.js';
import type { HoldHost } from './hold-host.js';
import { type FinalState, HOW_IT_ENDED, type HoldState, NEXT_STATES } from './hold-state.js';
import { lateEnding } from './late/ending.js';
import type { HeaderPair } from './late/head.js';
import { type AnswerHead, selectLateHeaders } from './late/listed.js';
import { type LateError, type LateOutcome, statusOfError } from './late/outcome.js';
import { Payload } from './late/payload.js';
import type { Settings } from './options.js';
import { HoldReporter } from './reporter.js';
import type { Seat } from './roster.js';
import type { Surroundings } from './surroundings.js';

/** What a handler's `end` comes to. */
export interface AnswerEnd {
  readonly chunks: readonly Chunk[];
  readonly cut: boolean;
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
  /** What the handler writes, once beats have left before it. */
  #payload: Payload | undefined;
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
    return NEXT_STATES[this.state].length === 0;
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
    const { intervalMs } = this.#settings;
    this.#host.wait(nextBeatLane(this.#around.clock, intervalMs, first, limitMs - silentMs));
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
    this.#payload = Payload.underItsOwnHead(this.#format);
  }

  /** The handler's head is known: decide what becomes of its body. */
  answer(head: AnswerHead): void {
    if (this.state !== 'held') return;
    const listed = hasLateHead(this.#format) ? this.#settings.lateHeaders : undefined;
    const headers = selectLateHeaders(head, listed, (name, reason) => {
      this.#tell.headerDropped(name, reason);
    });
    const { payload, switchedTo } = Payload.underOurHead({
      status: head.status,
      contentType: head.contentType,
      isHeld: head.isHeld === true,
      headers,
      format: this.#format,
      formats: this.#settings.formats,
    });
    if (switchedTo !== undefined) {
      this.#format = switchedTo;
      this.format = switchedTo.name;
      this.#tell.warnOnce(
        'HOLDOPEN_FORMAT_SWITCH',
        'answered with an event stream after a JSON head had been sent. It was passed on; give format: (request) => … so that the right head is sent from the start.',
      );
    }
    this.#payload = payload;
    this.#to('answering');
  }

  /** What may leave of a chunk the handler wrote. */
  write(chunk: Chunk): readonly Chunk[] {
    this.touch();
    this.payloadSize += chunk.length;
    const chunks = this.#payload?.push(chunk) ?? [];
    if (chunks.length > 0) this.#sentMs = this.#lifeMs;
    return chunks;
  }

  /** What leaves at the handler's end. The hold is over then. */
  end(chunk: Chunk | undefined): AnswerEnd {
    if (this.#payload === undefined || this.over) return { chunks: [], cut: false };
    if (chunk !== undefined) this.payloadSize += chunk.length;
    const end = this.#payload.end(chunk);
    if (end.error === undefined) {
      this.#leave('complete');
      this.#told('complete', this.#payload.outcome, false);
      return { chunks: end.chunks, cut: false };
    }
    const { failure, ownJson } = end.error;
    // First, so that user code which answers from in here meets a hold that is over.
    this.#leave('failed');
    const ending = this.#ending(failure, ownJson);
    this.#told('failed', failure, ending.cut);
    return { chunks: ending.text === '' ? [] : [ending.text], cut: ending.cut };
  }

  /** The handler ended a stream of its own. */
  completed(): void {
    if (this.over) return;
    this.#leave('complete');
    this.#told('complete', undefined, false);
  }

  /** There is no room: the stream goes on as it would without us. */
  pass(): void {
    this.#leave('untouched');
    this.#told('untouched', undefined, false);
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
    return this.#payload?.outcome?.ok === false;
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
    this.#told('gone', undefined, false);
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
      this.#told('failed', undefined, false);
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
    return this.#payload?.place() ?? this.#tracker?.place() ?? 'boundary';
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
    if (!NEXT_STATES[this.state].includes(state)) {
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
    const streams = this.#format.name === 'sse' && this.#hasBegun();
    if (streams && this.#host.method === 'GET' && !maxSilenceGiven) return Number.POSITIVE_INFINITY;
    return maxSilenceMs;
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

  #fail(outcome: LateError): void {
    if (this.over) return;
    this.#error = outcome.error;
    this.#leave('failed');
    const ending = this.#ending(outcome, undefined);
    this.#host.finish(ending.text, ending.cut, outcome.status);
    this.#told('failed', outcome, ending.cut);
  }

  #ending(outcome: LateError, ownJson: string | undefined): LateEnding {
    const body = { format: this.#format, place: this.place(), begun: this.#hasBegun() };
    const { lateError } = this.#settings;
    return lateEnding(outcome, ownJson, body, lateError, this.#host.request, (callback) => {
      this.#tell.hook('lateError', callback);
    });
  }

  /** Bytes of the handler's have left. */
  #hasBegun(): boolean {
    return this.#payload?.begun ?? this.#begun;
  }

  /** The hold is over; the rest is telling. */
  #leave(state: FinalState): void {
    this.#to(state);
    this.#host.stopWaiting();
    if (this.#occupies) this.#around.registry.occupied -= 1;
    this.#around.registry.remove(this.#seat);
  }

  #told(state: FinalState, outcome: LateOutcome | undefined, cut: boolean): void {
    if (outcome !== undefined) this.#tell.outcome(outcome, this.#settings.onLateOutcome);
    this.#tell.end(HOW_IT_ENDED[state], outcome, cut);
  }
}

/** Records and the user's own formats have no place for a late head. */
function hasLateHead({ name }: BeatFormat): boolean {
  return name === 'json' || name === 'sse';
}
