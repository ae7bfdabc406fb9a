import type { FastifyRequest } from 'fastify';

/** Where Node's request keeps the one that Fastify made of it. */
const FASTIFY_REQUEST: unique symbol = Symbol('holdOpenFastifyRequest');

type MarkedRequest = FastifyRequest['raw'] & { [FASTIFY_REQUEST]?: FastifyRequest };

export function rememberFastifyRequest(request: FastifyRequest): void {
  (request.raw as MarkedRequest)[FASTIFY_REQUEST] = request;
}

/** Only of requests that were remembered, which all are that options with functions meet. */
export function fastifyRequestOf(raw: FastifyRequest['raw']): FastifyRequest {
  return (raw as MarkedRequest)[FASTIFY_REQUEST] as FastifyRequest;
}
