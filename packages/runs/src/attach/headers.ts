import type { Granted } from '../access/gate.js';
import type { RunsContext } from '../context.js';
import { corsHeaders } from '../cors.js';
import type { RunHead } from '../entry.js';
import { statusPath } from '../places.js';
import { RUN_TOKEN_HEADER, signRunToken } from '../token.js';

/** What an answer about a run depends on, though nobody may cache it. */
const VARY = ['Accept', 'Authorization', 'Cookie', 'Last-Event-ID', 'Prefer', RUN_TOKEN_HEADER];

/** What every answer that belongs to a run says of it. */
export async function runHeaders(
  context: RunsContext,
  request: Request,
  run: string,
  access: Granted,
): Promise<Headers> {
  const { settings } = context;
  const headers = corsHeaders(request, settings.cors);
  headers.set('Cache-Control', 'no-store');
  const keyHeader = settings.keyHeader === false ? [] : [settings.keyHeader];
  headers.append('Vary', [...VARY, ...keyHeader].join(', '));
  headers.append('Link', `<${statusPath(settings, run)}>; rel="status"`);
  headers.set(RUN_TOKEN_HEADER, access.token ?? (await newToken(context, run)));
  return headers;
}

/** The handler's headers, where we have nothing to say ourselves. */
export function addKept(headers: Headers, head: RunHead): void {
  for (const [name, value] of head.headers) {
    if (name === 'link' || name === 'vary') headers.append(name, value);
    else if (!headers.has(name)) headers.set(name, value);
  }
}

async function newToken(context: RunsContext, run: string): Promise<string> {
  const { runtime, settings } = context;
  const expiresAt = Math.round(runtime.now()) + settings.tokenTtlMs;
  return signRunToken(await context.secret(), { run, expiresAt }, runtime.random);
}
