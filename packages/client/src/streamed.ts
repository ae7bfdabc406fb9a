import { textOf } from './body/chunks.js';
import { JsonScanner } from './body/json-scanner.js';
import { watchReaders } from './body/readers.js';
import { type BodySource, streamOf } from './body/source.js';
import { SseTracker } from './body/sse-tracker.js';
import type { Tracker } from './body/tracker.js';
import type { Call } from './call.js';
import type { Exchange } from './exchange.js';
import {
  type HoldResponse,
  hasNoBody,
  mergedHeaders,
  type Outcome,
  WatchedResponse,
} from './response.js';
import { Failure } from './transport/failure.js';
import type { LateHead } from './wire/late-head.js';
import { readProblem } from './wire/problem.js';

/** An answer whose outcome is known, as far as it can be before its body is read. */
export interface Answer {
  /** The true one. */
  readonly status: number;
  readonly headers: Headers;
  /** The work had begun when the status became known. */
  readonly isLate: boolean;
  /** Of an error object that was read. */
  readonly code?: string | undefined;
  give(): Promise<HoldResponse>;
}

/** What was read of a body before it is given. */
export interface Known {
  /** What was read already. */
  readonly first?: Uint8Array;
  readonly lateHead?: LateHead | undefined;
  readonly type?: string;
  /** Nothing comes behind `first`. */
  readonly isAll?: boolean;
  /** Nothing comes behind it but this. */
  readonly broken?: Failure;
  /** The Response of `fetch` is given on. */
  readonly isNative?: boolean;
}

/** An answer whose body is read through us, to its end. */
export class Streamed implements Answer, BodySource {
  readonly status: number;
  readonly headers: Headers;
  readonly isLate: boolean;
  readonly #call: Call;
  readonly #exchange: Exchange;
  readonly #tracker: Tracker | undefined;
  readonly #known: Known;
  #isFirstRead = false;
  #outcome: Outcome | undefined;

  constructor(call: Call, exchange: Exchange, tracker: Tracker | undefined, known: Known = {}) {
    const { response } = exchange;
    this.status = known.lateHead?.status ?? response.status;
    this.headers = mergedHeaders(response.headers, known.lateHead?.headers ?? []);
    this.isLate = known.lateHead !== undefined;
    this.#call = call;
    this.#exchange = exchange;
    this.#tracker = tracker;
    this.#known = known;
  }

  readonly give = async (): Promise<HoldResponse> => {
    const { type, isAll = false, isNative = false } = this.#known;
    const exchange = this.#exchange;
    const { response } = exchange;
    if (this.#tracker !== undefined) exchange.watch(this.#tracker);
    if (isNative) {
      this.#call.report({ state: 'live' });
      return watchReaders(response, this);
    }
    // A payload of `null` stands for no body.
    if (hasNoBody(this.status)) await exchange.cancel();
    const body = hasNoBody(this.status) ? null : streamOf(this);
    if (body === null) await this.ended();
    else {
      if (!isAll) exchange.endWith(body);
      this.#call.report({ state: 'live' });
    }
    const { attempts, place } = this.#call;
    const outcome = (): Outcome | undefined => this.#outcome;
    const hold = {
      isHeld: response.headers.has('holdopen'),
      attempts,
      runUrl: place?.url,
      get outcome() {
        return outcome();
      },
    };
    if (type !== undefined) this.headers.set('content-type', type);
    const head = { from: response, status: this.status, hold };
    return new WatchedResponse(body, this.headers, head, body === null ? undefined : this);
  };

  get code(): string | undefined {
    const { first, isAll } = this.#known;
    return first && isAll ? readProblem(textOf([first]))?.code : undefined;
  }

  // Not `async`: most of its promises are those of the exchange.
  read(): Promise<Uint8Array | undefined> {
    const { first, isAll, broken } = this.#known;
    if (first !== undefined && !this.#isFirstRead) {
      this.#isFirstRead = true;
      this.#exchange.keep();
      return Promise.resolve(first);
    }
    if (broken !== undefined) return Promise.reject(broken);
    return isAll ? Promise.resolve(undefined) : this.#exchange.read();
  }

  cancel(reason: unknown): Promise<void> {
    return this.#exchange.cancel(reason);
  }

  async ended(): Promise<void> {
    const tracker = this.#tracker;
    if (tracker instanceof JsonScanner && tracker.verdict !== 'whole' && !hasNoBody(this.status)) {
      throw this.#exchange.truncated();
    }
    const said = tracker instanceof SseTracker ? tracker.lateHead?.status : undefined;
    const status = said ?? this.status;
    this.#outcome = status < 400 ? { ok: true, status } : { ok: false, status };
    await this.#call.settle(status);
  }

  async failed(error: unknown): Promise<unknown> {
    const { status } = this;
    if (!(error instanceof Failure)) {
      this.#outcome = { ok: false, status };
      return error;
    }
    const explained = await this.#call.giveUp(error);
    this.#outcome = { ok: false, status, error: explained };
    return explained;
  }
}
