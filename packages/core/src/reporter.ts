import type { DroppedHeaderReason, HoldEvent, HoldInfo, HowItEnded } from './diagnostics.js';
import type { HoldHost } from './hold-host.js';
import type { LateError, LateOutcome } from './late/outcome.js';
import type { ProblemCode } from './late/problem.js';
import type { Settings } from './options.js';
import type { Surroundings } from './surroundings.js';

/** What a handler answered that cannot follow the head: by its status alone a log shows no fault. */
const MISFITS: Partial<Record<ProblemCode, (outcome: LateError) => string>> = {
  wrong_type: ({ contentType = 'what is not JSON' }) =>
    `answered with ${contentType} after a head for another type had been sent, so its caller got an error. Mount holdOpen on what answers with JSON or events, or set the type before the first beat.`,
  late_redirect: ({ status }) =>
    `answered with ${status} after the head had been sent, where nobody can follow it, so its caller got an error. Redirect before the first beat, or raise firstBeatMs.`,
};

/** Tells the world what happens to one hold: counters, diagnostics, hooks, warnings, the console. */
export class HoldReporter<Request> {
  readonly #around: Surroundings;
  readonly #host: HoldHost<Request>;
  readonly #hold: HoldInfo;

  constructor(around: Surroundings, host: HoldHost<Request>, hold: HoldInfo) {
    this.#around = around;
    this.#host = host;
    this.#hold = hold;
  }

  start(): void {
    this.#event('start');
  }

  commit(): void {
    this.#around.registry.counters.commits += 1;
    this.#event('commit');
  }

  beat(onBeat: Settings<Request>['onBeat']): void {
    this.#around.registry.counters.beats += 1;
    this.#event('beat');
    if (onBeat !== undefined) this.hook('onBeat', () => onBeat(this.#hold, this.#host.request));
  }

  beatDropped(): void {
    this.#around.registry.counters.beatsDropped += 1;
    this.#event('beat-dropped');
  }

  disconnect(): void {
    this.#around.registry.counters.disconnects += 1;
    this.#event('disconnect');
  }

  silence(silentMs: number): void {
    this.#around.registry.counters.silences += 1;
    if (!this.#around.observer.wants('silence')) return;
    this.#notify({ type: 'silence', ...this.#subject(), silentMs });
  }

  headerDropped(header: string, reason: DroppedHeaderReason): void {
    this.#around.registry.counters.lateHeadersDropped += 1;
    if (this.#around.observer.wants('late-header-dropped')) {
      this.#notify({ type: 'late-header-dropped', ...this.#subject(), header, reason });
    }
    if (header !== 'set-cookie') return;
    this.warnOnce(
      'HOLDOPEN_COOKIE_DROPPED',
      'set a cookie after the head had been sent, and it was dropped. Set it before the first beat, or raise firstBeatMs.',
    );
  }

  /** Without a hook what failed would be lost, so it goes to the console. */
  outcome(outcome: LateOutcome, onLateOutcome: Settings<Request>['onLateOutcome']): void {
    const { counters } = this.#around.registry;
    if (outcome.ok) counters.lateSuccesses += 1;
    else counters.lateErrors += 1;
    if (this.#around.observer.wants('late-outcome')) {
      this.#notify({ type: 'late-outcome', ...this.#subject(), outcome });
    }
    const { request, route } = this.#host;
    if (onLateOutcome !== undefined) {
      this.hook('onLateOutcome', () => onLateOutcome(outcome, request));
    } else if (!outcome.ok && outcome.error !== undefined) {
      this.#around.report(
        `${route}: the handler failed after the head had been sent (late ${outcome.status})`,
        outcome.error,
      );
    } else if (!outcome.ok) {
      const misfit = MISFITS[outcome.code];
      if (misfit !== undefined) this.warnOnce('HOLDOPEN_WRONG_ANSWER', misfit(outcome));
    }
  }

  end(how: HowItEnded, outcome: LateOutcome | undefined, cut: boolean): void {
    if (!this.#around.observer.wants('end')) return;
    const { heldMs } = this.#hold;
    this.#notify({ type: 'end', ...this.#subject(), how, heldMs, outcome, cut });
  }

  warnOnce(code: string, matter: string): void {
    const { route } = this.#host;
    if (!this.#around.registry.firstTime(`${code} ${route}`)) return;
    this.#around.warn(code, `${route} ${matter}`);
  }

  /** User code must not break the response, whether it throws or rejects. */
  hook(name: string, callback: () => unknown): void {
    const failed = (error: unknown): void => {
      this.#around.report(`${this.#host.route}: ${name} failed`, error);
    };
    try {
      this.#host.run(() => {
        const result = callback();
        // Of any realm, and of any library.
        const { then } = (result ?? {}) as { then?: unknown };
        if (typeof then === 'function') then.call(result, undefined, failed);
      });
    } catch (error) {
      failed(error);
    }
  }

  #event(type: 'start' | 'commit' | 'beat' | 'beat-dropped' | 'disconnect'): void {
    if (this.#around.observer.wants(type)) this.#notify({ type, ...this.#subject() });
  }

  #subject(): { hold: HoldInfo; request: Request } {
    return { hold: this.#hold, request: this.#host.request };
  }

  /** Also what the clock or a socket sets going belongs to its request. */
  #notify(event: HoldEvent<Request>): void {
    this.#host.run(() => this.#around.observer.notify(event));
  }
}
