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

/** `undefined` if the body is too large. */
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
    const own = await settings.fingerprint(copyWithBody(request, body));
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

/** Also for the made-up requests of tests, whose address may be none. */
export function addressOf({ url }: Pick<Request, 'url'>): { pathname: string; search: string } {
  return URL.canParse(url) ? new URL(url) : { pathname: url, search: '' };
}
