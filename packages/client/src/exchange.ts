import { fetchAtHome } from '#transport';
import type { Tracker } from './body/tracker.js';
import type { FetchInput } from './fetch-types.js';
import type { Runtime } from './runtime.js';
import { classify, Failure } from './transport/failure.js';
import { Watchdog, type WatchdogEvents } from './watch/watchdog.js';

export interface ExchangeRequest {
  readonly input: FetchInput;
  readonly init: RequestInit;
  /** The user's; what it fires with is thrown as it is. */
  readonly signal: AbortSignal | null | undefined;
}

export interface ExchangeSettings {
  readonly fetch: typeof globalThis.fetch | undefined;
  readonly intervalMs: number | undefined;
  readonly maxSilenceMs: number;
}

/** Workers have none, on older dates. */
const UNREAD =
  typeof FinalizationRegistry === 'function'
    ? new FinalizationRegistry<AbortController>((controller) => controller.abort())
    : undefined;

/** One request, its answer and the watch over both. What fails in it throws a {@link Failure}. */
export class Exchange {
  /** Of the body, as far as it was read. */
  bytes = 0;
  readonly watchdog: Watchdog;
  readonly #signal: AbortSignal | null | undefined;
  readonly #controller = new AbortController();
  #response: Response | undefined;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #tracker: Tracker | undefined;

  private constructor(
    signal: AbortSignal | null | undefined,
    runtime: Runtime,
    { intervalMs, maxSilenceMs }: ExchangeSettings,
    events: Omit<WatchdogEvents, 'stalled'>,
  ) {
    this.#signal = signal;
    this.watchdog = new Watchdog(runtime, intervalMs, maxSilenceMs, {
      ...events,
      stalled: () => this.#controller.abort(),
    });
  }

  /** Sends a request and waits for the head. */
  static async open(
    { input, init, signal }: ExchangeRequest,
    runtime: Runtime,
    settings: ExchangeSettings,
    events: Omit<WatchdogEvents, 'stalled'>,
  ): Promise<Exchange> {
    signal?.throwIfAborted();
    const exchange = new Exchange(signal, runtime, settings, events);
    const own = exchange.#controller.signal;
    const fetch = settings.fetch ?? globalThis.fetch;
    try {
      const all = signal ? AbortSignal.any([signal, own]) : own;
      exchange.#response = await exchange.watchdog.guard(
        fetchAtHome(fetch, input, { ...init, signal: all }),
      );
    } catch (error) {
      throw exchange.#failed(error);
    }
    exchange.watchdog.fed(0, true);
    return exchange;
  }

  get response(): Response {
    if (this.#response === undefined) throw new Error('no head');
    return this.#response;
  }

  /** Follows the body. It is ours to read from the first {@link Exchange.read} on. */
  watch(tracker: Tracker): void {
    this.#tracker = tracker;
    this.watchdog.fed(0, tracker.atBoundary);
  }

  /** The next bytes; `undefined` at an end that HTTP calls one. */
  async read(): Promise<Uint8Array | undefined> {
    this.#reader ??= this.response.body?.getReader();
    if (this.#reader === undefined) return undefined;
    let bytes: Uint8Array | undefined;
    try {
      ({ value: bytes } = await this.watchdog.guard(this.#reader.read()));
    } catch (error) {
      throw this.#failed(error);
    }
    if (bytes === undefined) {
      this.watchdog.stop();
      return undefined;
    }
    this.bytes += bytes.length;
    this.#tracker?.push(bytes);
    this.watchdog.intervalMs ??= this.#tracker?.intervalMs;
    this.watchdog.fed(bytes.length, this.#tracker?.atBoundary ?? false);
    return bytes;
  }

  /**
   * Ends when nobody can reach a body any more that was handed out, as runtimes do with those of their own.
   * They leave one alone that we had to begin, to see how it comes out.
   */
  endWith(body: object): void {
    if (this.#reader !== undefined) UNREAD?.register(body, this.#controller, this);
  }

  /** It is being read, by whoever may have nothing of it but a promise. */
  keep(): void {
    UNREAD?.unregister(this);
  }

  /** Nobody wants the rest. */
  async cancel(reason?: unknown): Promise<void> {
    this.watchdog.stop();
    // A stream that is locked or broken already says so in vain.
    await (this.#reader ?? this.#response?.body)?.cancel(reason).catch(() => {});
  }

  /** Nobody wants the rest, though somebody reads it. */
  abort(): void {
    this.watchdog.stop();
    this.#controller.abort();
  }

  /** The answer is incomplete, though nothing broke. */
  truncated(): Failure {
    return this.#marked(new Failure('truncated', true));
  }

  /** What came makes no sense. */
  malformed(cause: unknown): Failure {
    return this.#marked(new Failure('protocol', true, cause));
  }

  #failed(error: unknown): unknown {
    if (this.#signal?.aborted) {
      this.watchdog.stop();
      return this.#signal.reason;
    }
    const hasHead = this.#response !== undefined;
    const failure = error instanceof Failure ? error : classify(error, hasHead);
    return failure === undefined ? this.#given(error) : this.#marked(failure);
  }

  #given(error: unknown): unknown {
    this.watchdog.stop();
    return error;
  }

  #marked(failure: Failure): Failure {
    failure.bytes = this.#response && this.bytes;
    failure.silenceMs = this.watchdog.silenceMs;
    this.watchdog.stop();
    return failure;
  }
}
