import { inertHandle } from '@holdopen/core';
import { HoldOpenError, watchResponse } from '@holdopen/node';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import type { FastifyHoldOpenPluginOptions } from './options.js';
import { rememberFastifyRequest } from './raw-request.js';
import { Registration, register, registrationOf } from './registration.js';
import { ReplyFramework } from './reply-framework.js';
import { runBeforeHandler } from './run.js';
import { refuseCall, refuseOutsideConfig } from './wrong-mount.js';

/**
 * Keeps the responses of slow handlers alive while they are silent, with white space before JSON and
 * comments in event streams. A response that is finished before its first beat is due is not changed
 * in any way.
 *
 * It covers the context it is registered in and those inside it. On a route with
 * `config: { holdOpen: true }`, or options there, JSON is taken for granted unless `Accept` rules it
 * out. On all others nothing is guessed: a response is held if it has a content type that carries
 * beats, if the client accepts nothing but JSON and event streams, or if `format` says so.
 *
 * @example
 * await app.register(holdOpen, { global: false });
 * app.post('/reports', { config: { holdOpen: true } }, async (request) => {
 *   return workForMinutes(request.body, request.holdOpen.signal);
 * });
 *
 * @throws HoldOpenError if an option is wrong, of the plugin or of a route; its message says what to do.
 */
export const holdOpen = fastifyPlugin(holdOpenPlugin, {
  fastify: '5.x',
  name: '@holdopen/fastify',
});

async function holdOpenPlugin(
  app: FastifyInstance,
  options: FastifyHoldOpenPluginOptions,
): Promise<void> {
  refuseCall(app);
  // Inside the context of another registration its hooks are there and find the innermost options.
  const isInner = registrationOf(app) !== undefined;
  register(app, new Registration(options));
  if (!isInner) {
    if (!app.hasRequestDecorator('holdOpen')) {
      app.decorateRequest('holdOpen', { getter: handleOf });
    }
    app.addHook('onRoute', holdOpenOnRoute);
    app.addHook('onRequest', holdOpenOnRequest);
  }
}

function handleOf(this: FastifyRequest): FastifyRequest['holdOpen'] {
  return this.raw.holdOpen ?? inertHandle();
}

/** Wrong options show when their route is registered, not when somebody asks for it. */
function holdOpenOnRoute(this: FastifyInstance, route: RouteOptions): void {
  const { method, url, config } = route;
  refuseOutsideConfig(route);
  try {
    const mounted = registrationOf(this)?.mountedOn(config?.holdOpen);
    if (mounted?.node.runs !== undefined) runBeforeHandler(route);
  } catch (error) {
    if (!(error instanceof HoldOpenError)) throw error;
    const { code, message, option, given } = error;
    throw new HoldOpenError(code, `${String(method)} ${url}, config.holdOpen: ${message}`, {
      ...(option === undefined ? {} : { option }),
      given,
      cause: error,
    });
  }
}

function holdOpenOnRequest(
  this: FastifyInstance,
  request: FastifyRequest,
  reply: FastifyReply,
  done: () => void,
): void {
  const mounted = registrationOf(this)?.mountedOn(request.routeOptions.config.holdOpen);
  if (mounted !== undefined) {
    if (mounted.hasFunctions) rememberFastifyRequest(request);
    watchResponse(request.raw, reply.raw, mounted.node, new ReplyFramework(request, reply));
  }
  done();
}
