import {
  ClockEntry,
  countUntouched,
  type HoldHandle,
  HoldOpenError,
  type Lifeline,
  newHoldId,
} from '@holdopen/core';
import { raiseIdleTimeout } from './bun.js';
import { formatOfSilent } from './choose-format.js';
import { fillHead, givenHeaders, refusal } from './held-head.js';
import { HeldResponse, type HoldOwner } from './held-response.js';
import { answerLate } from './late-response.js';
import type { MountedSettings } from './mounted.js';
import { discardResponse, isResponse } from './ready-response.js';
import { holdReady, markAsHeld, warnIfBuffered } from './ready-stream.js';
import { hideConditions, isHoldable, routeOf } from './request.js';
import { isBun, isDeno } from './runtime.js';
import { createLifeline, isObserved, registry, surroundings } from './surroundings.js';

const { clock } = surroundings;

/** Gives the pattern of a request's route, when it is known. */
export type PatternSource = () => string | undefined;

/**
 * Watches one call of a handler. Until the first beat it is all there is: a place in the clock, and a
 * handle for the handler. Neither the request nor the response is touched.
 */
export class Arm extends ClockEntry implements HoldHandle, HoldOwner<Request> {
  readonly request: Request;
  mounted: MountedSettings<Request>;
  /** Bun's, or whatever else the handler got behind its request. */
  readonly #server: unknown;
  /** Whoever knows the framework's pattern of the route. */
  #patternOf: PatternSource | undefined;
  /**
   * `untouched`: the first beat was due and nothing was held. `answered`: the handler was in time, or
   * failed in time. `refused`: the server is shutting down. `gone`: the client left in time. `off`: an
   * inner mount has switched it off.
   */
  #phase: 'waiting' | 'untouched' | 'held' | 'answered' | 'refused' | 'gone' | 'off' = 'waiting';
  /** Gives the caller what the handler gave, or a response in its place. */
  #resolve: ((answer: unknown) => void) | undefined;
  #held: HeldResponse<Request> | undefined;
  /** The head that went out, the handler's own or the one in its place. */
  #sent: Headers | undefined;
  /** When the wait for the handler began. */
  #sinceMs: number | undefined;
  #lifeline: Lifeline | undefined;
  #followsRequest = false;
  #touchedMs: number | undefined;
  #id: string | undefined;

  constructor(
    request: Request,
    server: unknown,
    mounted: MountedSettings<Request>,
    patternOf: PatternSource | undefined,
  ) {
    super();
    this.request = request;
    this.mounted = mounted;
    this.#server = server;
    this.#patternOf = patternOf;
    if (mounted.hasHooks || isObserved()) this.#lifeline = createLifeline();
  }

  // --- the handler's handle

  get signal(): AbortSignal {
    this.#lifeline ??= createLifeline();
    this.#followRequest();
    return this.#lifeline.signal;
  }

  touch(): void {
    if (this.#held === undefined) this.#touchedMs = clock.now();
    else this.#held.hold.touch();
  }

  get id(): string {
    this.#id ??= newHoldId();
    return this.#id;
  }

  get state(): HoldHandle['state'] {
    if (this.#held !== undefined) return this.#held.hold.state;
    switch (this.#phase) {
      case 'answered':
        return 'complete';
      case 'refused':
        return 'failed';
      default:
        return this.#phase;
    }
  }

  // --- what the hold asks of its owner

  get method(): string {
    return this.request.method;
  }

  get route(): string {
    return routeOf(this.request);
  }

  get pattern(): string | undefined {
    return this.#patternOf?.();
  }

  get canBeHeld(): boolean {
    return isHoldable(this.request);
  }

  abort(reason: HoldOpenError): void {
    this.#lifeline ??= createLifeline();
    this.#lifeline.abort(reason);
  }

  run(callback: () => void): void {
    if (this.#lifeline === undefined) callback();
    else this.#lifeline.run(callback);
  }

  adopt(): void {
    this.#raiseIdleTimeout();
    this.#followRequest();
    if (this.#sent !== undefined) warnIfBuffered(this.route, this.#sent);
  }

  // --- the handler

  /** The call that it watches is still going on, so another mount on it is the same hold. */
  get isOpen(): boolean {
    if (this.#held !== undefined) return !this.#held.hold.over;
    return this.#phase === 'waiting' || this.#phase === 'untouched' || this.#phase === 'off';
  }

  /** What the handler gives goes to its caller: as it is, or held. */
  pass(result: unknown): unknown {
    if (!isThenable(result)) return this.#answered(result);
    if (this.#phase === 'waiting') this.#await();
    const given = new Promise<unknown>((resolve) => {
      this.#resolve = resolve;
    });
    // What is no promise may call back twice, and may be lazy: it is asked as `await` asks it.
    const promise = result instanceof Promise ? result : Promise.resolve(result);
    promise.then(
      (answer: unknown) => this.#settled(answer),
      (error: unknown) => this.#failed(error),
    );
    return given;
  }

  /** The handler threw at once, which goes its way. */
  threw(): void {
    this.#phase = 'answered';
  }

  /** Mounted again on the same call: the innermost options win. */
  remount(mounted: MountedSettings<Request>, patternOf: PatternSource | undefined): void {
    this.#patternOf = patternOf ?? this.#patternOf;
    if (mounted.hasHooks) this.#lifeline ??= createLifeline();
    if (this.#held !== undefined) {
      this.mounted = this.#held.remount(mounted);
      return;
    }
    this.mounted = mounted;
    clock.remove(this);
    this.#phase = mounted.settings.enabled ? 'waiting' : 'off';
    // Before the handler has given a promise there is nothing that could be silent.
    if (this.#resolve !== undefined && mounted.settings.enabled) this.#await();
  }

  #await(): void {
    const { firstLane } = this.mounted;
    if (this.#sinceMs === undefined) {
      firstLane.add(this);
      this.#sinceMs = this.dueMs - firstLane.delayMs;
    } else {
      // Waited for by an outer mount already: the silence is as long as it is.
      const leftMs = Math.max(0, this.#leftMs(this.#sinceMs, clock.now()));
      this.mounted.restLane(Math.min(leftMs, firstLane.delayMs)).add(this);
    }
  }

  #leftMs(sinceMs: number, nowMs: number): number {
    return sinceMs + this.mounted.settings.firstBeatMs - nowMs;
  }

  #settled(answer: unknown): void {
    if (this.#held !== undefined) this.#answeredLate(this.#held, answer);
    else if (this.#phase === 'refused') discardResponse(answer, undefined);
    else this.#resolve?.(this.#answered(answer));
  }

  #failed(error: unknown): void {
    if (this.#held !== undefined) {
      this.#held.hold.threw(error);
    } else if (this.#phase === 'refused') {
      surroundings.report(`${this.route}: the handler failed after a drain`, error);
    } else {
      this.#leave('answered');
      this.#resolve?.(Promise.reject(error));
    }
  }

  /** In time. What cannot have gaps goes out as the very object that it is. */
  #answered(answer: unknown): unknown {
    const wasOn = this.mounted.settings.enabled && this.#phase !== 'gone';
    this.#leave('answered');
    if (!wasOn || !isResponse(answer)) return answer;
    try {
      const ready = holdReady(this, answer, false);
      if (ready === undefined) return answer;
      this.#held = ready.held;
      this.#sent = ready.headers;
      return ready.response;
    } catch (error) {
      surroundings.report(`${this.route}: could not be held`, error);
      return answer;
    }
  }

  #answeredLate(held: HeldResponse<Request>, answer: unknown): void {
    const sent = this.#sent ?? new Headers();
    try {
      answerLate(held, sent, this.mounted.settings.onDisconnect, answer);
    } catch (error) {
      held.hold.threw(error);
    }
  }

  #leave(phase: 'answered' | 'refused' | 'gone'): void {
    clock.remove(this);
    this.#phase = phase;
  }

  // --- time

  fire(nowMs: number): void {
    try {
      this.#firstBeatDue(nowMs);
    } catch (error) {
      this.#phase = 'untouched';
      surroundings.report(`${this.route}: could not be held`, error);
    }
  }

  #firstBeatDue(nowMs: number): void {
    const sinceMs = this.#sinceMs ?? nowMs;
    const leftMs = this.#leftMs(sinceMs, nowMs);
    // On Bun there is a look before the first beat: whether it can be told to wait for that.
    const mustBeat = !this.#raiseIdleTimeout() && isBun;
    if (leftMs > 0 && !mustBeat) this.mounted.restLane(leftMs).add(this);
    else this.#commit(nowMs, Math.max(this.#touchedMs ?? 0, sinceMs));
  }

  #raiseIdleTimeout(): boolean {
    const { firstBeatMs, intervalMs } = this.mounted.settings;
    return raiseIdleTimeout(this.#server, this.request, Math.max(firstBeatMs, intervalMs));
  }

  /** Answers in the handler's place. */
  #commit(nowMs: number, silentSinceMs: number): void {
    const sent = givenHeaders(this);
    const choice = formatOfSilent(this, sent.get('content-type'));
    if ('untouched' in choice) {
      this.#phase = 'untouched';
      countUntouched(surroundings, choice.untouched, this);
      return;
    }
    if (registry.drained) {
      this.#refuse(sent);
      return;
    }
    this.#followRequest();
    if (this.#phase !== 'waiting') return;
    fillHead(sent, this, choice.format);
    const held = new HeldResponse<Request>(this, choice.format, 'held', silentSinceMs);
    this.#phase = 'held';
    this.#held = held;
    this.#sent = sent;
    hideConditions(this.request);
    held.sendFirstBeat(nowMs);
    const response = new Response(held.stream, { status: 200, headers: sent });
    markAsHeld(response);
    this.#resolve?.(response);
  }

  /** The drain is over and the head is still ours to send: the plain truth. */
  #refuse(headers: Headers): void {
    this.#leave('refused');
    this.#resolve?.(refusal(headers, registry.retryAfterSeconds));
    this.abort(new HoldOpenError('HOLDOPEN_DRAINED', 'The server is shutting down.'));
  }

  // --- the client

  /** Deno warns of whoever touches the signal of a request, since it also fires after a success. */
  #followRequest(): void {
    if (this.#followsRequest || isDeno) return;
    this.#followsRequest = true;
    const { signal } = this.request;
    if (signal === undefined) return;
    // Register first, then look: it may have fired before anybody listened.
    signal.addEventListener('abort', () => this.#clientLeft(), { once: true });
    if (signal.aborted) this.#clientLeft();
  }

  #clientLeft(): void {
    if (this.#held !== undefined) {
      this.#held.clientLeft();
      return;
    }
    if (this.isOpen) this.#leave('gone');
    if (this.mounted.settings.onDisconnect !== 'abort') return;
    this.abort(
      new HoldOpenError('HOLDOPEN_DISCONNECTED', 'The client left before it was answered.'),
    );
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (value instanceof Promise) return true;
  const canHaveThen = (typeof value === 'object' && value !== null) || typeof value === 'function';
  return canHaveThen && typeof (value as { then?: unknown }).then === 'function';
}
