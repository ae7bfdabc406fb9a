/** By its shape, for frameworks and realms bring classes of their own. */
export function isResponse(value: unknown): value is Response {
  if (typeof value !== 'object' || value === null) return false;
  const { status } = value as { status?: unknown };
  return typeof status === 'number' && 'headers' in value && 'body' in value;
}

/**
 * Where @hono/node-server keeps status, body and headers of a Response until somebody asks for them.
 * Asking turns it into another kind of object, whose header names go out in lower case and whose body
 * goes out in other pieces: what is fast must not be asked.
 */
const LIGHT_KEY = 'cache';

let lightKey: symbol | undefined;

/** The content type of a response whose body may have gaps; looks, and touches nothing. */
export function streamedType(response: Response): string | undefined {
  const light = lightParts(response);
  if (light === undefined) return response.headers.get('content-type') ?? undefined;
  const [, body, headers] = light;
  const isStream = typeof (body as { getReader?: unknown } | null)?.getReader === 'function';
  return isStream ? typeIn(headers) : undefined;
}

/** What a stream's response is made of, and what another one with the same head is made with. */
export interface ReadyParts {
  readonly status: number;
  /** To be looked at. */
  readonly headers: Headers;
  /** `undefined` if it is none or is being read already. */
  readonly body: ReadableStream<Uint8Array> | undefined;
  readonly init: ResponseInit;
}

/** Of a response whose type was seen by `streamedType`; a light one stays what it is. */
export function readyParts(response: Response): ReadyParts {
  const light = lightParts(response);
  if (light !== undefined) {
    const [status, body, given] = light;
    const stream = body as ReadableStream<Uint8Array>;
    const headers = given as NonNullable<ResponseInit['headers']>;
    return {
      status,
      headers: new Headers(headers),
      body: stream.locked ? undefined : stream,
      init: { status, headers },
    };
  }
  const { status, statusText, headers, body, bodyUsed } = response;
  return {
    status,
    headers,
    body: body === null || body.locked || bodyUsed ? undefined : body,
    // Given empty, workerd would send it so; left out, the runtime knows the right one.
    init: { status, headers, ...(statusText === '' ? {} : { statusText }) },
  };
}

function lightParts(response: Response): readonly [number, unknown, unknown] | undefined {
  // The runtime's own have one prototype, and what imitates them has that behind its own.
  if (Object.getPrototypeOf(Object.getPrototypeOf(response)) === Object.prototype) return undefined;
  lightKey ??= Object.getOwnPropertySymbols(response).find(
    (key) => key.description === LIGHT_KEY && isParts(Reflect.get(response, key)),
  );
  if (lightKey === undefined || !(lightKey in response)) return undefined;
  const parts: unknown = Reflect.get(response, lightKey);
  return isParts(parts) ? parts : undefined;
}

function isParts(value: unknown): value is readonly [number, unknown, unknown] {
  return Array.isArray(value) && value.length === 3 && typeof value[0] === 'number';
}

function typeIn(headers: unknown): string | undefined {
  if (typeof headers !== 'object' || headers === null) return undefined;
  if (headers instanceof Headers) return headers.get('content-type') ?? undefined;
  const pairs: [unknown, unknown][] = Array.isArray(headers) ? headers : Object.entries(headers);
  const pair = pairs.find(([name]) => String(name).toLowerCase() === 'content-type');
  return pair === undefined ? undefined : String(pair[1]);
}

/** Nobody will read it: whatever makes its body may stop. */
export function discardResponse(value: unknown, reason: unknown): void {
  if (!isResponse(value)) return;
  const { body } = value;
  if (body !== null && !body.locked) body.cancel(reason).catch(() => {});
}
