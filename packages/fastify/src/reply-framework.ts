import type { Framework, PreparedHeader } from '@holdopen/node';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { pendingCookies } from './pending-cookies.js';

/** What Fastify knows of a reply and Node's response does not yet. */
export class ReplyFramework implements Framework {
  readonly #request: FastifyRequest;
  readonly #reply: FastifyReply;

  constructor(request: FastifyRequest, reply: FastifyReply) {
    this.#request = request;
    this.#reply = reply;
  }

  get route(): string | undefined {
    return this.#request.routeOptions.url;
  }

  preparedHeaders(): PreparedHeader[] {
    const { 'set-cookie': set = [], ...others } = this.#reply.getHeaders();
    const headers: PreparedHeader[] = [];
    for (const [name, value] of Object.entries(others)) {
      if (value !== undefined) headers.push([name, value]);
    }
    const cookies = [...(Array.isArray(set) ? set : [String(set)]), ...pendingCookies(this.#reply)];
    if (cookies.length > 0) headers.push(['set-cookie', cookies]);
    return headers;
  }
}
