import { RunError } from '../errors.js';
import { fingerprintOf } from '../idempotency/fingerprint.js';
import type { RunsSettings } from '../settings.js';
import { bodyLost, readBody } from './body.js';
import { urlWithoutPlace } from './last-event-id.js';
import type { ServeContext } from './work.js';
import { copyWithBody } from './work-request.js';

/** The body of a request with a key, and what makes it the same payload as another. */
export interface Payload {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly fingerprint: string;
}

/**
 * `undefined` if the body is too large.
 * @throws RunError `invalid_option` for a body that cannot be compared, or an own fingerprint that is none
 */
export async function readPayload(
  request: Request,
  settings: RunsSettings,
  { parsed, isBodyLost = false }: ServeContext,
): Promise<Payload | undefined> {
  if (isBodyLost && settings.fingerprint === undefined) throw bodyLost();
  const body =
    parsed === undefined ? await readBody(request, settings.maxBodyBytes) : new Uint8Array();
  if (body === undefined) return undefined;
  if (settings.fingerprint !== undefined) {
    const own: unknown = await settings.fingerprint(copyWithBody(request, body));
    if (typeof own !== 'string' || own === '') throw noText(own);
    return { body, fingerprint: `own ${own}` };
  }
  const { pathname, search } = addressOf({ url: urlWithoutPlace(request) });
  const fingerprint = await fingerprintOf({
    method: request.method,
    path: pathname,
    query: search,
    contentType: request.headers.get('content-type') ?? undefined,
    body:
      parsed === undefined ? { kind: 'raw', bytes: body } : { kind: 'parsed', value: parsed.value },
  });
  return { body, fingerprint };
}

/** `[object Object]` or `null` would be the same payload for all. */
function noText(given: unknown): RunError {
  return new RunError(
    'invalid_option',
    'The option fingerprint must give a text that is not empty, or a promise of one: what it gives is all that tells two payloads apart. Give JSON.stringify(await request.json()), for instance, and not an object; and a word of its own where a header is missing.',
    { given },
  );
}

/** Also for the made-up requests of tests, whose address may be none. */
export function addressOf({ url }: Pick<Request, 'url'>): { pathname: string; search: string } {
  return URL.canParse(url) ? new URL(url) : { pathname: url, search: '' };
}
