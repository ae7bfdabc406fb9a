import { textOf } from './body/chunks.js';
import { type BodySource, readAll } from './body/source.js';
import type { HoldOpenError } from './errors.js';
import type { BodyLike } from './fetch-types.js';
import type { HeaderPair } from './wire/late-head.js';

/** How the answer came out. */
export type Outcome =
  /** The answer is whole, and a success. */
  | { readonly ok: true; readonly status: number }
  /** The server told a failure, or the answer broke off. */
  | { readonly ok: false; readonly status: number; readonly error?: HoldOpenError };

/** What is known of an answer beyond what `fetch` says. */
export interface ResponseHold {
  /** The head was sent in the handler's place: the status above is the one that became known later. */
  readonly isHeld: boolean;
  /** How often the request was sent. */
  readonly attempts: number;
  /** The status resource of the run that the answer is of. */
  readonly runUrl: string | undefined;
  /** `undefined` until the body has ended. */
  readonly outcome: Outcome | undefined;
}

/** A Response. Without `holdOpen` it is the very one that `fetch` gave. */
export interface HoldResponse extends Response {
  readonly holdOpen?: ResponseHold;
  clone(): HoldResponse;
}

/** Fetch Standard, section 2.2.3. */
const NULL_BODY = [101, 103, 204, 205, 304];

export function hasNoBody(status: number): boolean {
  return NULL_BODY.includes(status);
}

/** Those of the head, with those that became known later in their place. */
export function mergedHeaders(head: Headers, late: readonly HeaderPair[]): Headers {
  // Whoever makes a Response of them makes a copy.
  if (late.length === 0 && !head.has('holdopen')) return head;
  const headers = new Headers(head);
  // Nothing of what it announces is left in the body.
  headers.delete('holdopen');
  const seen = new Set<string>();
  for (const [name, value] of late) {
    if (seen.has(name)) headers.append(name, value);
    else headers.set(name, value);
    seen.add(name);
  }
  return headers;
}

/** What a Response that is made by hand cannot say of itself: where it is from, and statuses that it refuses. */
interface Head {
  readonly from: Response;
  readonly status: number;
  readonly hold: ResponseHold;
  /** Whose body a clone has: undici cancels it when its Response is collected. */
  readonly twin?: Response;
}

/** What {@link WatchedResponse} gives itself: in some sets of types all of it is fields, which cannot be overridden. */
interface Readable {
  clone(): Response;
  json(): Promise<unknown>;
  text(): Promise<string>;
}
type Overridden = keyof Readable | 'url' | 'redirected' | 'type' | 'bodyUsed';
type Constructor = new (
  ...args: ConstructorParameters<typeof Response>
) => Omit<Response, Overridden> & Readable;
/** Servers put one of their own in its place, perhaps after this was loaded (@hono/node-server). */
const NativeResponse: Constructor = Response;

/** An answer that is read through us, with the head that it would have had, had it been known in time. */
export class WatchedResponse extends NativeResponse implements HoldResponse {
  readonly #head: Head;
  /** Where the bytes of its body come from, as long as they do not go two ways. */
  #source: BodySource | undefined;
  #isRead = false;

  constructor(body: BodyLike | null, headers: Headers, head: Head, source?: BodySource) {
    const { from, status } = head;
    const isUsual = status >= 200 && status < 600;
    const statusText = status === from.status ? from.statusText : '';
    super(body, { headers, statusText, status: isUsual ? status : 200 });
    // No getters for all: undici reads the status before this class has anything to read it from.
    if (!isUsual)
      Object.defineProperties(this, { status: { value: status }, ok: { value: false } });
    this.#head = head;
    this.#source = source;
  }

  get url(): string {
    return this.#head.from.url;
  }

  get redirected(): boolean {
    return this.#head.from.redirected;
  }

  get type(): Response['type'] {
    return this.#head.from.type;
  }

  get holdOpen(): ResponseHold {
    return this.#head.hold;
  }

  get bodyUsed(): boolean {
    return this.#isRead || Reflect.get(NativeResponse.prototype, 'bodyUsed', this);
  }

  override clone(): HoldResponse {
    const twin = super.clone();
    this.#source = undefined;
    return new WatchedResponse(twin.body, twin.headers, { ...this.#head, twin });
  }

  override async json(): Promise<unknown> {
    const source = this.#take();
    return source === undefined ? super.json() : JSON.parse(textOf(await readAll(source)));
  }

  override async text(): Promise<string> {
    const source = this.#take();
    return source === undefined ? super.text() : textOf(await readAll(source));
  }

  /** The source, if it can be read past the stream that the body is: that costs as much as all the rest. */
  #take(): BodySource | undefined {
    if (this.#source === undefined || this.bodyUsed || this.body?.locked) return undefined;
    // Whoever comes later finds it locked, as after any reading.
    this.body?.getReader();
    this.#isRead = true;
    return this.#source;
  }
}
