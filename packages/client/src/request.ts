import { OptionError } from './errors.js';
import type { FetchInput } from './fetch-types.js';
import type { HeadersContext, HeadersSource, HoldRequestInit, Settings } from './options.js';

/** What `fetch` is given. */
export interface Message {
  readonly input: FetchInput;
  readonly init: RequestInit;
}

/** A request that can be sent more than once, if its body allows. */
export class Outgoing {
  readonly method: string;
  /** Absolute, where that can be known. */
  readonly url: string;
  /** Empty if it is not known. */
  readonly origin: string;
  /** The user's. */
  readonly signal: AbortSignal | null | undefined;
  readonly hasHeadersFunction: boolean;
  readonly #input: FetchInput;
  readonly #init: RequestInit;
  readonly #headers: HeadersSource | undefined;
  #isReplayable: boolean;
  #frozen: { readonly body: ArrayBuffer; readonly type: string | null } | undefined;

  constructor(input: FetchInput, { headers, holdOpen: _, ...init }: HoldRequestInit<unknown>) {
    const request = typeof input === 'object' && 'method' in input ? input : undefined;
    this.#input = input;
    this.#init = init;
    this.#headers = headers ?? request?.headers;
    this.hasHeadersFunction = typeof headers === 'function';
    this.method = (init.method ?? request?.method ?? 'GET').toUpperCase();
    const url = request?.url ?? String(input);
    const address = parse(url);
    this.url = address?.href ?? url;
    this.origin = address?.origin ?? '';
    this.signal = init.signal === undefined ? request?.signal : init.signal;
    this.#isReplayable = init.body === undefined ? !request?.body : canReplay(init.body);
  }

  get isReplayable(): boolean {
    return this.#isReplayable;
  }

  /** The key that the user's own headers carry. They are not asked for it if they are a function. */
  ownKey(keyHeader: string): string | undefined {
    if (this.#headers === undefined || typeof this.#headers === 'function') return undefined;
    return new Headers(this.#headers).get(keyHeader) ?? undefined;
  }

  /** The user's headers for one attempt. */
  async headers(context: HeadersContext): Promise<Headers> {
    const source = this.#headers;
    return new Headers(typeof source === 'function' ? await source(context) : source);
  }

  /** Whether the user's headers must be looked at before the request is sent. */
  get isPlain(): boolean {
    return typeof this.#headers !== 'function' && this.#frozen === undefined;
  }

  /** Keeps the body as it is now: the same key must come with the same bytes. */
  async freeze(): Promise<void> {
    const { body } = this.#init;
    const isRequest = typeof this.#input === 'object' && 'body' in this.#input;
    const source = body ?? (isRequest ? (this.#input as Request).body : null);
    if (!source) return;
    const serial = new Response(source);
    const type = serial.headers.get('content-type');
    this.#frozen = { body: await serial.arrayBuffer(), type };
    this.#isReplayable = true;
  }

  /** To be changed, if nothing but it names what is asked for. */
  get address(): URL | undefined {
    const isRequest = typeof this.#input === 'object' && 'method' in this.#input;
    return isRequest ? undefined : parse(this.url);
  }

  /** What `fetch` is given; without headers, the user's own. */
  message(headers: Headers | undefined, input: FetchInput = this.#input): Message {
    const init: RequestInit = { ...this.#init };
    const own = headers ?? this.#headers;
    if (own !== undefined && typeof own !== 'function') init.headers = own;
    if (this.#frozen === undefined) return { input, init };
    if (headers && this.#frozen.type !== null && !headers.has('content-type')) {
      headers.set('content-type', this.#frozen.type);
    }
    // The body of a Request was read: what is left of it is everything else.
    return { input, init: { ...init, body: this.#frozen.body } };
  }

  /** The same for another place of the same origin: everything but the method, the body and its types. */
  elsewhere(url: URL, headers: Headers): Message {
    const { body: _, method: __, ...init } = this.#init;
    const request = typeof this.#input === 'object' && 'credentials' in this.#input;
    const { credentials, mode } = (request ? this.#input : {}) as Partial<Request>;
    for (const name of ['content-type', 'content-length', 'content-encoding']) headers.delete(name);
    return {
      input: url,
      // A place that moves could lead the token of its run to strangers.
      init: {
        ...(credentials && { credentials }),
        ...(mode && { mode }),
        ...init,
        redirect: 'manual',
        headers,
      },
    };
  }
}

/** The key that the user gives to a request, by the option or its headers. */
export function givenKey(outgoing: Outgoing, settings: Settings): string | undefined {
  const own = outgoing.ownKey(settings.keyHeader);
  if (typeof settings.key === 'string' && own !== undefined && own !== settings.key) {
    throw new OptionError(
      'idempotencyKey',
      settings.key,
      `your headers have another ${settings.keyHeader}: leave one of them out`,
    );
  }
  // Servers that know keys take an empty one for none.
  if (own === '') {
    const fix = `your headers have an empty ${settings.keyHeader}: leave it out, or give a key`;
    throw new OptionError('idempotencyKey', own, fix);
  }
  if (settings.key === false) return undefined;
  return typeof settings.key === 'string' ? settings.key : own;
}

/** Of 128 bits. Pages without TLS have no `randomUUID`. */
export function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function parse(url: string): URL | undefined {
  const base = (globalThis as { location?: { href: string } }).location?.href;
  try {
    return new URL(url, base);
  } catch {
    return undefined;
  }
}

/** What can be read twice. A stream, or whatever is read like one, cannot. */
function canReplay(body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return true;
  return !('getReader' in body || Symbol.asyncIterator in body);
}
