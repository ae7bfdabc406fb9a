import { Credentials } from './credentials.js';
import type { HoldOpenError, HoldOpenErrorFacts, RunStatus } from './errors.js';
import { Exchange } from './exchange.js';
import { explainFailure } from './explain.js';
import { heed } from './heed.js';
import type { Settings } from './options.js';
import { givenKey, type Message, type Outgoing, randomKey } from './request.js';
import { isHarmless, isProvisional, type Sendable } from './retry/policy.js';
import { Persistence } from './run/persist.js';
import { type RunPlace, readPlace } from './run/place.js';
import { nameCursor, type RunTarget, runAddress, setCursor } from './run/resume.js';
import { readStatus, unknownStatus } from './run/status.js';
import type { Runtime } from './runtime.js';
import { type HoldState, StateReporter } from './state.js';
import { classify, type Failure } from './transport/failure.js';

/** What ends the work itself, and not only the hearing of it. */
const FINAL = /^HOLDOPEN_(?:FAILED|CANCELLED|LOST)$/;

/** Nobody waits longer for a word about what is waited for. */
const MAX_ASKING_MS = 5_000;

/** One call of the user's, however many attempts it takes, and all that is known of it. */
export class Call {
  readonly outgoing: Outgoing;
  readonly settings: Settings;
  readonly runtime: Runtime;
  readonly credentials: Credentials;
  /** The user's, and whatever else ends it. */
  signal: AbortSignal | null | undefined;
  attempts = 0;
  /** The run that it belongs to. */
  place: RunPlace | undefined;
  /** The last event that was received. */
  cursor: string | undefined;
  /** The one that was given; from {@link Call.prepare} on also one that was made or kept. */
  key: string | undefined;
  readonly #reporter: StateReporter;
  readonly #persistence: Persistence | undefined;

  constructor(outgoing: Outgoing, settings: Settings, runtime: Runtime) {
    this.outgoing = outgoing;
    this.settings = settings;
    this.runtime = runtime;
    this.credentials = new Credentials(outgoing);
    this.signal = outgoing.signal;
    this.#reporter = new StateReporter(settings.onState);
    this.#persistence = settings.persist && new Persistence(settings.persist);
    this.key = givenKey(outgoing, settings);
  }

  /** What must be there before the first attempt, and often nothing is. */
  async prepare(): Promise<void> {
    this.signal?.throwIfAborted();
    const isGiven = this.key !== undefined;
    if (this.settings.key === true) this.key ??= randomKey();
    if (this.key !== undefined) await heed(this.signal, this.#recall(this.key, isGiven));
  }

  async #recall(key: string, isGiven: boolean): Promise<void> {
    const kept = await this.#persistence?.open(key, isGiven);
    if (kept !== undefined) {
      this.key = kept.key;
      this.cursor = kept.cursor;
      const isHere = kept.place?.startsWith(`${this.outgoing.origin}/`);
      if (isHere && kept.place) this.place = { url: kept.place, token: undefined };
    }
    await this.outgoing.freeze();
  }

  get sendable(): Sendable {
    const { method, isReplayable } = this.outgoing;
    const hasRun = this.place !== undefined;
    return { method, isReplayable, isKeyed: this.key !== undefined, hasRun };
  }

  /** Whether who asks again gets the rest of it, and not all of it once more. */
  get goesOn(): boolean {
    return (this.place ?? this.cursor) !== undefined;
  }

  /** Sends the request, or asks for something of its run; and again where better credentials help. */
  async send(
    target: RunTarget | 'request',
    accept?: string,
    signal = this.signal,
  ): Promise<Exchange> {
    for (;;) {
      if (target !== 'status') this.attempts += 1;
      const isPlain = target === 'request' && this.#isPlain && accept === undefined;
      const message = isPlain
        ? this.outgoing.message(undefined)
        : await this.#message(target, accept);
      if (target !== 'status') this.report({ state: 'connecting' });
      const exchange = await this.#open(message, target, signal);
      const { status, redirected } = exchange.response;
      const isAtRun = target === 'request' ? undefined : this.place;
      // What a redirect leads to may know nobody; the request has run.
      const hasRun = redirected && !isHarmless(this.sendable);
      if (hasRun || !this.credentials.canImprove(status, isAtRun)) {
        const place = readPlace(exchange.response, this.outgoing.url, this.outgoing.origin);
        if (place !== undefined) await this.#found(place, exchange.response, target);
        return exchange;
      }
      await exchange.cancel();
    }
  }

  async #found(place: RunPlace, { ok }: Response, target: RunTarget | 'request'): Promise<void> {
    const isNew = this.place?.url !== place.url;
    this.place = place;
    if (target === 'status') return;
    await this.persist();
    // Its answer may take hours yet, and whoever wants to stop it must know where.
    if (isNew && ok) this.report({ state: 'live' });
  }

  #open(
    message: Message,
    target: RunTarget | 'request',
    signal: AbortSignal | null | undefined,
  ): Promise<Exchange> {
    const { settings, runtime } = this;
    const request = { ...message, signal };
    if (target === 'status') {
      const maxSilenceMs = Math.min(MAX_ASKING_MS, settings.maxSilenceMs);
      const nothing = (): void => {};
      const events = { silent: nothing, woke: nothing };
      return Exchange.open(request, runtime, { ...settings, maxSilenceMs }, events);
    }
    let exchange: Exchange | undefined;
    const opening = Exchange.open(request, runtime, settings, {
      silent: (isSilent, silenceMs) =>
        this.report(isSilent ? { state: 'silent', silenceMs } : { state: 'live' }),
      woke: () => void this.#lookAfter(() => exchange),
    });
    return opening.then((opened) => {
      exchange = opened;
      return opened;
    });
  }

  /** Whether the request goes out with no headers but the user's. */
  get #isPlain(): boolean {
    return this.outgoing.isPlain && (this.key ?? this.cursor) === undefined;
  }

  async #message(target: RunTarget | 'request', accept: string | undefined): Promise<Message> {
    const { outgoing, key, place, cursor } = this;
    const headers = await this.#headers();
    if (accept !== undefined && !headers.has('accept')) headers.set('accept', accept);
    if (target !== 'request' && place !== undefined) {
      this.credentials.showRun(headers, place);
      return outgoing.elsewhere(runAddress(place, target, cursor, headers), headers);
    }
    if (key !== undefined) headers.set(this.settings.keyHeader, key);
    if (cursor === undefined) return outgoing.message(headers);
    // Only servers with runs read it in the address.
    const address = cursor.startsWith('ho1.') ? outgoing.address : undefined;
    if (address) nameCursor(address, cursor, headers);
    else setCursor(headers, cursor);
    return outgoing.message(headers, address);
  }

  /** A token that cannot be fetched while the network is gone is a connection that cannot be made. */
  async #headers(): Promise<Headers> {
    try {
      return await heed(this.signal, this.credentials.headers(this.attempts));
    } catch (error) {
      if (this.signal?.aborted) throw error;
      const { sendable } = this;
      const failure = this.attempts > 1 ? classify(error, isHarmless(sendable)) : undefined;
      if (failure === undefined) this.report({ state: 'failed' });
      throw failure ?? error;
    }
  }

  /** What the server says of the run whose connection is lost; a page is told that it goes on. */
  async askRun(limitMs = MAX_ASKING_MS): Promise<RunStatus | undefined> {
    const run = await this.#runStatus(limitMs);
    if (run?.state === 'running') this.report({ state: 'running', run });
    return run;
  }

  /** Never fails: what is not known is said to be so. */
  async #runStatus(limitMs: number): Promise<RunStatus | undefined> {
    const url = this.place?.url;
    if (url === undefined) return undefined;
    let timer: unknown;
    const late = new Promise<undefined>((resolve) => {
      timer = this.runtime.set(() => resolve(undefined), limitMs);
    });
    const left = new AbortController();
    const signal = this.signal ? AbortSignal.any([this.signal, left.signal]) : left.signal;
    const answer = this.send('status', undefined, signal).then((opened) => {
      opened.watchdog.stop();
      return readStatus(url, opened.response);
    });
    const run = await Promise.race([answer, late]).catch(() => undefined);
    this.runtime.clear(timer);
    // Nobody waits for what has not come by now.
    left.abort();
    return run ?? unknownStatus(url);
  }

  /** The error of what is given up. */
  async giveUp(failure: Failure): Promise<HoldOpenError> {
    const run = await this.askRun();
    this.signal?.throwIfAborted();
    return this.failed(explainFailure(failure, { ...this.facts(), run }));
  }

  facts(): HoldOpenErrorFacts {
    const { method, url } = this.outgoing;
    const { attempts, cursor, key: idempotencyKey } = this;
    return { method, url, attempts, cursor, idempotencyKey };
  }

  /** `isForgotten`: its place knows nothing of it, or nothing that it would tell whoever asks now. */
  failed(error: HoldOpenError, isForgotten = false): HoldOpenError {
    const isLost = error.code === 'HOLDOPEN_LOST' || error.run?.state === 'lost';
    // A login that has gone looks the same: with the next one its key may lead to the work again.
    if (isForgotten && this.key !== undefined) void this.#persistence?.save({ key: this.key });
    // Whoever asks again wants new work.
    else if (FINAL.test(error.code)) void this.#persistence?.forget(this.key);
    // What goes on without us is not called a failure.
    if (error.run?.state !== 'running') this.report({ state: isLost ? 'lost' : 'failed', error });
    return error;
  }

  report(state: Omit<HoldState, 'attempt' | 'runUrl'>): void {
    const { attempts: attempt, place } = this;
    this.#reporter.report({ attempt, ...(place && { runUrl: place.url }), ...state });
  }

  get isPersistent(): boolean {
    return this.#persistence !== undefined;
  }

  /** The run was given up: under its key its work begins anew, and there is nothing at its place. */
  async released(): Promise<void> {
    this.place = undefined;
    await this.persist();
  }

  /** `cursor`: the last event that the user has handled. */
  async persist(cursor = this.cursor, revives = false): Promise<void> {
    if (this.#persistence === undefined || this.key === undefined) return;
    const kept = { key: this.key, place: this.place?.url, cursor };
    await heed(this.signal, this.#persistence.save(kept, revives));
  }

  /** The answer is whole: there is nothing to come back to, unless it says that it is not the last. */
  async settle(status: number): Promise<void> {
    const { method, url } = this.outgoing;
    const failed = { state: 'failed', answered: { method, url, status } } as const;
    this.report(status < 400 ? { state: 'completed' } : failed);
    if (this.#persistence !== undefined && status !== 202 && !isProvisional(status))
      await heed(this.signal, this.#persistence.forget(this.key));
  }

  /** After a wake-up: what the connection slept through is asked for. */
  async #lookAfter(exchange: () => Exchange | undefined): Promise<void> {
    const run = await this.#runStatus(MAX_ASKING_MS);
    // It would have been told by now.
    if (run?.state !== undefined && run.state !== 'running') exchange()?.watchdog.bite();
  }
}
