import { answerFromRun, incomingOf as nodeRequestOf } from '@holdopen/node';
import type { FastifyRequest, RouteOptions } from 'fastify';
import { fastifyRequestOf, rememberFastifyRequest } from './raw-request.js';
import { registrationOf } from './registration.js';
import { ReplyFramework } from './reply-framework.js';

/**
 * Makes the handler of a route the work of runs. Behind all other hooks: the application's own logins,
 * limits and validations stand before each answer, also one from a log.
 */
export function runBeforeHandler(route: RouteOptions): void {
  const { preHandler = [] } = route;
  const present = Array.isArray(preHandler) ? preHandler : [preHandler];
  if (present.includes(holdOpenPreHandler)) return;
  route.preHandler = [...present, holdOpenPreHandler];
}

type PreHandler = Extract<NonNullable<RouteOptions['preHandler']>, (...args: never[]) => unknown>;

const holdOpenPreHandler: PreHandler = function holdOpenPreHandler(request, reply, done) {
  const { url, config } = request.routeOptions;
  const mounted = registrationOf(this)?.mountedOn(config.holdOpen);
  if (mounted === undefined) {
    done();
    return;
  }
  rememberFastifyRequest(request);
  const isRun = answerFromRun({
    req: request.raw,
    res: reply.raw,
    mounted: mounted.node,
    call: done,
    onError: (error) => done(error as Error),
    onReplay: () => void reply.hijack(),
    framework: new ReplyFramework(request, reply),
    route: url,
    body: request.body,
  });
  if (!isRun) done();
};

/**
 * Fastify's request behind one of the web's that `authorize`, `key` and `fingerprint` of runs are
 * given: for what hooks have left there. `undefined` for a request that came another way.
 * @example
 * createRuns({ authorize: (request) => incomingOf(request)?.user?.id })
 */
export function incomingOf(request: Request): FastifyRequest | undefined {
  const asked = nodeRequestOf(request);
  return asked === undefined || isFastifys(asked) ? asked : fastifyRequestOf(asked);
}

/** The run routes are called from a hook, with Fastify's own. */
function isFastifys(asked: object): asked is FastifyRequest {
  return 'raw' in asked;
}
