import { AsyncResource } from 'node:async_hooks';
import type { Board, Look } from './board.js';
import type { Gate } from './gate.js';
import type { LiveSettings } from './options.js';
import { phaseNow } from './totals.js';

// Captured when the module loads, so that a test's fake timers do not meet ours.
const { setInterval, clearInterval, Date: Time } = globalThis;

/** Timers made in here belong to no request, whoever's request is running. */
const outsideRequests = new AsyncResource('holdopen');
const encoder = new TextEncoder();

/** So that pages which a drain has ended do not come back all at once. */
const RETRY_MS = 1_000;
const RETRY_SPREAD_MS = 2_000;

/** Who watches: one look a second for all of them, and none at all while there is nobody. */
export class Watchers {
  readonly #board: Board;
  readonly #gate: Gate;
  readonly #settings: Pick<LiveSettings, 'updateMs' | 'recheckMs' | 'maxWatchers'>;
  readonly #watchers = new Set<Watcher>();
  #timer: NodeJS.Timeout | undefined;
  #look: Look | undefined;

  constructor(board: Board, gate: Gate, settings: LiveSettings) {
    this.#board = board;
    this.#gate = gate;
    this.#settings = settings;
  }

  get isFull(): boolean {
    return this.#watchers.size >= this.#settings.maxWatchers;
  }

  /** The events for one more. `until`: when its login ends, in milliseconds since 1970. */
  join(request: Request, until: number): ReadableStream<Uint8Array> {
    const watcher = new Watcher(request, this.#recheckAt(until), () => this.#leave(watcher));
    this.#watchers.add(watcher);
    if (this.#timer === undefined) this.#begin();
    else if (this.#look !== undefined) watcher.offer(this.#look);
    return watcher.stream;
  }

  /** Ends all streams; the pages come back by themselves. */
  close(): void {
    for (const watcher of [...this.#watchers]) watcher.end(retryText());
  }

  #begin(): void {
    this.#board.begin();
    const { updateMs } = this.#settings;
    this.#timer = outsideRequests.runInAsyncScope(() =>
      setInterval(() => this.#tick(), updateMs).unref(),
    );
    this.#tick();
  }

  #leave(watcher: Watcher): void {
    if (!this.#watchers.delete(watcher) || this.#watchers.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#look = undefined;
    this.#board.end();
  }

  #tick(): void {
    const look = this.#board.look(this.#watchers.size);
    this.#look = look;
    for (const watcher of [...this.#watchers]) {
      if (Time.now() >= watcher.recheckAt) this.#recheckDue(watcher);
      else if (!watcher.isInDoubt) watcher.offer(look);
    }
    // Told to all, and then nothing more: the server waits for its last connections.
    if (phaseNow() === 'drained') this.close();
  }

  /** An `authorize` that has not answered until it would be asked again is taken for one that failed. */
  #recheckDue(watcher: Watcher): void {
    if (watcher.isInDoubt) watcher.end(retryText());
    else void this.#recheck(watcher);
  }

  /** A login that has ended ends the stream. Nothing is told before that is known. */
  async #recheck(watcher: Watcher): Promise<void> {
    watcher.isInDoubt = true;
    watcher.recheckAt = this.#recheckAt(Number.POSITIVE_INFINITY);
    const verdict = await this.#gate.ask(watcher.request);
    watcher.isInDoubt = false;
    if (verdict.allowed) {
      watcher.recheckAt = this.#recheckAt(verdict.until);
      if (this.#look !== undefined) watcher.offer(this.#look);
      return;
    }
    void verdict.response.body?.cancel();
    // What could not be asked is no refusal: the page comes back, and asks again.
    if (verdict.response.status >= 500) watcher.end(retryText());
    else watcher.end('event: refused\ndata: {}\n\n');
  }

  #recheckAt(until: number): number {
    return Math.min(until, Time.now() + this.#settings.recheckMs);
  }
}

/** One stream. What its client does not take is skipped, and never gathers. */
class Watcher {
  readonly request: Request;
  /** When `authorize` is asked again, in milliseconds since 1970. */
  recheckAt: number;
  /** `authorize` is being asked again. */
  isInDoubt = false;
  readonly stream: ReadableStream<Uint8Array>;
  readonly #onLeave: () => void;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #isWanted = false;
  #isOver = false;
  /** The look that it knows; what comes right behind it may come as a change. */
  #known: number | undefined;
  /** The last one, which it has not got. */
  #missed: Look | undefined;

  constructor(request: Request, recheckAt: number, onLeave: () => void) {
    this.request = request;
    this.recheckAt = recheckAt;
    this.#onLeave = onLeave;
    // It may leave before anybody reads its stream, which is then never cancelled.
    request.signal.addEventListener('abort', () => this.#leave(), { once: true });
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => {
          this.#isWanted = true;
          if (this.#missed !== undefined && !this.isInDoubt) this.offer(this.#missed);
        },
        cancel: () => this.#leave(),
      },
      { highWaterMark: 0 },
    );
  }

  offer(look: Look): void {
    if (this.#isOver) return;
    if (!this.#isWanted) {
      this.#missed = look;
      return;
    }
    const isNext = this.#known === look.sequence - 1;
    this.#missed = undefined;
    this.#known = look.sequence;
    this.#isWanted = false;
    this.#controller?.enqueue(isNext ? look.change : look.whole());
  }

  /** With these last words. */
  end(text: string): void {
    if (this.#isOver) return;
    this.#controller?.enqueue(encoder.encode(text));
    this.#controller?.close();
    this.#leave();
  }

  #leave(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#missed = undefined;
    this.#onLeave();
  }
}

function retryText(): string {
  return `retry: ${Math.round(RETRY_MS + Math.random() * RETRY_SPREAD_MS)}\n\n`;
}
