import { clearQuietTimeout, setQuietTimeout } from './surroundings.js';

// Captured when the module loads, so that a test's fake timers do not meet ours.
const { setTimeout } = globalThis;

/**
 * Between the last bytes and the cut: the runtimes destroy the connection at once, and what has not
 * left by then is lost.
 */
const CUT_AFTER_MS = 50;

/** Those whose receivers cannot see yet that they are cut. */
const cutting = new Set<HeldBody>();

/** How long a drain waits for clients that do not ask for more. */
const CUTS_PATIENCE_MS = 1_000;

/** Whoever ends the process must not end it before the receivers could see that they were cut. */
export async function cutsDone(): Promise<void> {
  for (
    let waitedMs = 0;
    cutting.size > 0 && waitedMs < CUTS_PATIENCE_MS;
    waitedMs += CUT_AFTER_MS
  ) {
    await new Promise((resolve) => setTimeout(resolve, CUT_AFTER_MS));
  }
}

/** Whoever fills a held body. */
export interface BodyOwner {
  /** Somebody waits for a chunk. */
  wanted(): void;
  /** Nobody will wait for one any more. */
  left(): void;
}

/** So long may nobody ask for the last bytes; then it is cut without them. */
const UNREAD_MS = 10_000;

const encoder = new TextEncoder();

/**
 * The body that goes out. It makes a chunk only when somebody waits for one, and nothing is gathered
 * in between, so that a slow client slows the handler's own body, and beats to it are dropped.
 */
export class HeldBody {
  readonly stream: ReadableStream<Uint8Array>;
  readonly #owner: BodyOwner;
  #controller: ReadableStreamDefaultController<unknown> | undefined;
  /** Somebody waits for a chunk right now. */
  #isWanted = false;
  #state: 'open' | 'cutting' | 'over' = 'open';
  #error: unknown;
  #timer: unknown;
  #isFailing = false;

  constructor(owner: BodyOwner) {
    this.#owner = owner;
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller as ReadableStreamDefaultController<unknown>;
        },
        pull: () => this.#onPull(),
        cancel: () => this.#onCancel(),
      },
      { highWaterMark: 0 },
    );
  }

  get isWanted(): boolean {
    return this.#isWanted && this.#state === 'open';
  }

  /** What is no text leaves as it is. */
  send(chunk: unknown): void {
    if (this.#state !== 'open') return;
    // First, for whoever waits for the next chunk may say so during `enqueue`.
    this.#isWanted = false;
    this.#controller?.enqueue(chunk);
  }

  sendText(text: string): void {
    if (text !== '') this.send(encoder.encode(text));
  }

  close(): void {
    if (this.#state !== 'open') return;
    this.#state = 'over';
    this.#controller?.close();
  }

  /** As the handler's own body would have failed. */
  fail(error: unknown): void {
    if (this.#state === 'over') return;
    this.#over();
    this.#controller?.error(error);
  }

  /**
   * Ends so that the receiver can see that something is missing: by an error, which throws away what
   * nobody has taken yet. So it waits until somebody asks for more, and then for the bytes to leave.
   */
  cut(error: unknown): void {
    if (this.#state !== 'open') return;
    this.#state = 'cutting';
    this.#error = error;
    cutting.add(this);
    if (this.#isWanted) this.#failSoon();
    else this.#timer = setQuietTimeout(() => this.fail(this.#error), UNREAD_MS);
  }

  /** For a client that has left: the runtime ends the body itself, unless it does not care. */
  abandon(error: unknown): void {
    if (this.#state === 'over') return;
    this.#state = 'cutting';
    this.#error = error;
    this.#failSoon();
  }

  #onPull(): void {
    this.#isWanted = true;
    if (this.#state === 'open') this.#owner.wanted();
    else if (this.#state === 'cutting') this.#failSoon();
  }

  #onCancel(): void {
    this.#over();
    this.#owner.left();
  }

  #over(): void {
    this.#state = 'over';
    clearQuietTimeout(this.#timer);
    cutting.delete(this);
  }

  #failSoon(): void {
    if (this.#isFailing) return;
    this.#isFailing = true;
    clearQuietTimeout(this.#timer);
    this.#timer = setQuietTimeout(() => this.fail(this.#error), CUT_AFTER_MS);
  }
}
