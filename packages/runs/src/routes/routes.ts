import { failureResponse } from '../attach/answers.js';
import { attachResponse } from '../attach/attach.js';
import { runHeaders } from '../attach/headers.js';
import type { RunsContext } from '../context.js';
import { corsHeaders } from '../cors.js';
import { notFound, problemResponse } from '../problem.js';
import { cursorOf } from '../serve/last-event-id.js';
import type { RunRecord } from '../store.js';
import type { TokenAction } from '../token.js';
import { cancelResponse } from './cancel.js';
import { isCrossSite } from './cross-site.js';
import { listResponse } from './list.js';
import { type Place, placeOf } from './place.js';
import { methodsOf, preflight } from './preflight.js';
import { statusResponse } from './status.js';

/** Where clients come back to: what a run is doing, its events, its result, and an end to it. */
export class RunRoutes {
  readonly #context: RunsContext;

  constructor(context: RunsContext) {
    this.#context = context;
  }

  /** `undefined` for a path that is none of ours. */
  match(request: Request, isMounted: boolean): Place | undefined {
    const { settings } = this.#context;
    return placeOf(new URL(request.url).pathname, settings.basePath, isMounted);
  }

  async answer(request: Request, place: Place): Promise<Response> {
    const response = withCors(await this.#answer(request, place), request, this.#context);
    if (request.method !== 'HEAD') return response;
    await response.body?.cancel();
    return new Response(null, response);
  }

  async #answer(request: Request, place: Place): Promise<Response> {
    const { settings } = this.#context;
    const { method } = request;
    if (place.kind === 'nothing') return notFound();
    if (method === 'OPTIONS') return preflight(request, place, settings);
    const methods = methodsOf(place);
    if (!methods.includes(method)) {
      const detail = `There is ${methods.join(', ')} here.`;
      const headers = new Headers({ Allow: methods.join(', ') });
      return problemResponse({ status: 405, code: 'method_not_allowed', detail }, headers);
    }
    try {
      if (place.kind === 'list') return await listResponse(this.#context, request);
      return await this.#ofRun(request, place.kind, place.run);
    } catch (error) {
      return failureResponse(error, place.kind === 'list' ? undefined : place.run);
    }
  }

  async #ofRun(
    request: Request,
    kind: 'run' | 'events' | 'result',
    run: string,
  ): Promise<Response> {
    const askedAt = this.#context.runtime.timers.now();
    const isDelete = request.method === 'DELETE';
    if (isDelete && isCrossSite(request, this.#context.settings)) {
      const detail = 'A page of another site may not cancel this.';
      return problemResponse({ status: 403, code: 'cross_site', detail });
    }
    const record = await this.#context.find(run);
    const action = isDelete ? 'cancel' : ACTIONS[kind];
    const access = await this.#context.gate.toRun(request, action, record);
    if (access.kind === 'refused') return access.response;
    if (record === undefined) return notFound();
    if (isDelete) return cancelResponse(this.#context, request, record, access);
    if (kind === 'run') return statusResponse(this.#context, request, record, access);
    if (request.method === 'HEAD') return this.#head(request, record, access);
    const cursor = cursorOf(request);
    const as = kind === 'events' ? 'events' : 'any';
    return attachResponse(this.#context, record, { request, access, askedAt, cursor, as });
  }

  /** Nobody waits for an answer to HEAD, so it says what is known. */
  async #head(
    request: Request,
    record: RunRecord,
    access: Parameters<typeof statusResponse>[3],
  ): Promise<Response> {
    const headers = await runHeaders(this.#context, request, record.run, access);
    return new Response(null, { status: record.state === 'running' ? 202 : 200, headers });
  }
}

const ACTIONS = { run: 'read', events: 'attach', result: 'attach' } satisfies Record<
  string,
  TokenAction
>;

/** Refusals, too: a page must be able to read why. */
function withCors(response: Response, request: Request, { settings }: RunsContext): Response {
  const cors = [...corsHeaders(request, settings.cors)];
  if (cors.length === 0) return response;
  // What authorize gives may let nobody change it.
  const headers = new Headers(response.headers);
  for (const [name, value] of cors) {
    if (name !== 'vary') headers.set(name, value);
    else if (!/\borigin\b/i.test(headers.get(name) ?? '')) headers.append(name, value);
  }
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
}
