import { RunError, type Timers } from '@holdopen/runs';
import {
  isLastWord,
  isUnknownScript,
  ofServerThatWorked,
  toRunError,
  unavailable,
} from './failures.js';
import type { Argument, Link, OpenLink } from './links/link.js';
import { Replicas } from './replicas.js';
import type { Script } from './scripts/script.js';

/** A link is not opened again sooner than this after it was opened; commands are refused meanwhile. */
const REOPEN_MS = 100;

type ScriptKeys = readonly [string, ...string[]];

/** Commands with a bounded time, through a link that is replaced when it fails. */
export class Connection {
  readonly #openLink: OpenLink;
  readonly #commandTimeoutMs: number;
  readonly #timers: Timers;
  readonly #replicas: Replicas;
  #link: Promise<Link> | undefined;
  #openedAt = Number.NEGATIVE_INFINITY;
  #lastError: unknown;
  /** Once it did what it was told: how it is set up is right, or was. */
  #hasWorked = false;
  #warnedOf = '';
  #isClosed = false;
  /** The link broke, or a connection was replaced within it. */
  onInterrupted: () => void = () => {};

  constructor(
    openLink: OpenLink,
    commandTimeoutMs: number,
    timers: Timers,
    replicas = new Replicas(0, 0),
  ) {
    this.#openLink = openLink;
    this.#commandTimeoutMs = commandTimeoutMs;
    this.#timers = timers;
    this.#replicas = replicas;
  }

  /** Runs a script whose first key says where. @throws RunError, or the answer of the server */
  run(script: Script, keys: ScriptKeys, args: readonly Argument[]): Promise<unknown> {
    return this.use((link) => evaluate(link, script, keys, args));
  }

  /** The same, and answered when enough replicas have it. */
  write(script: Script, keys: ScriptKeys, args: readonly Argument[]): Promise<unknown> {
    return this.use(async (link) => {
      const answer = await evaluate(link, script, keys, args);
      if (this.#replicas.count > 0) await this.#replicas.wait(link, keys[0]);
      return answer;
    });
  }

  /**
   * Does something with an open link, within the time of one command.
   * @throws RunError `store_unavailable` and others, or the answer of the server
   */
  async use<T>(action: (link: Link) => Promise<T>): Promise<T> {
    const { link, answer } = this.#begin(action);
    let handle: unknown;
    const timeout = new Promise<never>((_, reject) => {
      handle = this.#timers.set(() => {
        // A socket may be dead without saying so, and would take every later command with it.
        const error = unavailable(`did not answer within ${this.#commandTimeoutMs} ms`);
        this.#drop(link, error);
        reject(error);
      }, this.#commandTimeoutMs);
    });
    try {
      const answered = await Promise.race([answer, timeout]);
      this.#hasWorked = true;
      this.#warnedOf = '';
      return answered;
    } catch (error) {
      if (!(error instanceof RunError) && isLastWord(error)) this.#drop(link, error);
      throw this.#failure(error);
    } finally {
      this.#timers.clear(handle);
    }
  }

  close(): void {
    this.#isClosed = true;
    if (this.#link !== undefined) this.#drop(this.#link, unavailable('was closed'));
  }

  #failure(error: unknown): unknown {
    const failure = toRunError(error);
    const now = this.#hasWorked ? ofServerThatWorked(failure) : failure;
    // What is waited for is thrown at nobody, and waiting alone does not mend it.
    if (now !== failure && now instanceof Error && now.message !== this.#warnedOf) {
      this.#warnedOf = now.message;
      const warning = `holdopen: ${now.message} Running work waits for storeAwayMs, and requests get 503.`;
      process.emitWarning(warning, { type: 'HoldOpenWarning', code: 'HOLDOPEN_REDIS_REFUSES' });
    }
    return now;
  }

  #begin<T>(action: (link: Link) => Promise<T>): { link: Promise<Link>; answer: Promise<T> } {
    const link = this.#opened();
    return { link, answer: link.then(action) };
  }

  #opened(): Promise<Link> {
    if (this.#isClosed)
      return Promise.reject(unavailable('is not used any more: close() was called'));
    if (this.#link !== undefined) return this.#link;
    // Thousands of runs ask again as soon as they are told no.
    const now = this.#timers.now();
    if (now < this.#openedAt + REOPEN_MS) return Promise.reject(this.#lastError);
    this.#openedAt = now;
    const link: Promise<Link> = this.#openLink({
      broke: (error) => this.#drop(link, error),
      mended: () => this.onInterrupted(),
    });
    this.#link = link;
    link.catch((error: unknown) => this.#drop(link, error));
    return link;
  }

  #drop(link: Promise<Link>, error: unknown): void {
    if (this.#link !== link) return;
    this.#link = undefined;
    this.#lastError = error;
    link.then(
      (opened) => opened.destroy(),
      () => {},
    );
    this.onInterrupted();
  }
}

async function evaluate(
  link: Link,
  script: Script,
  keys: ScriptKeys,
  args: readonly Argument[],
): Promise<unknown> {
  const rest = [String(keys.length), ...keys, ...args];
  try {
    return await link.send(keys[0], ['EVALSHA', script.sha, ...rest]);
  } catch (error) {
    // A server that restarted has forgotten it.
    if (!isUnknownScript(error)) throw error;
    return link.send(keys[0], ['EVAL', script.text, ...rest]);
  }
}
