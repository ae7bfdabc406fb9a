import type { IncomingMessage, ServerResponse } from 'node:http';
import { watchResponse } from '@holdopen/node';
import { createExchange, type Exchange, isUnattended, type Watcher } from './exchange.js';
import { type Open, send } from './forward.js';
import { isRefusal } from './refusal.js';
import { refuse } from './refuse.js';
import { type HeadPolicy, requestHead } from './request-head.js';
import { routedPath } from './request-target.js';
import type { FindRoute, HeldRoute } from './routes.js';
import { isComplete, whenItsTurn } from './turn.js';

export interface HandlerParts {
  readonly policy: HeadPolicy;
  readonly findRoute: FindRoute;
  readonly open: Open;
  readonly watcher: Watcher;
}

/** What a server does with each request: on to the target, and held where a route says so. */
export function createHandler({ policy, findRoute, open, watcher }: HandlerParts) {
  return function handle(req: IncomingMessage, res: ServerResponse): void {
    // What they tell of is known by their closing; unheard, it would end the process.
    req.on('error', ignore);
    res.on('error', ignore);
    whenItsTurn(req, res, () => begin(req, res));
  };

  function begin(req: IncomingMessage, res: ServerResponse): void {
    const route = findRoute(req.method ?? 'GET', routedPath(req.method ?? 'GET', req.url ?? '/'));
    const held = route !== undefined && canHold(route, req) ? route : undefined;
    const exchange = createExchange(req, res, route);
    watcher.began(exchange);
    res.once('close', () => {
      over(exchange);
      // The engine hears of it behind us, and says only then what became of its hold.
      if (held === undefined) watcher.ended(exchange);
      else process.nextTick(() => watcher.ended(exchange));
    });
    const head = requestHead(req, policy, asHeld(held, req));
    if (isRefusal(head)) {
      refuse(exchange, head);
      return;
    }
    if (held !== undefined) watchResponse(req, res, held.mounted, held.framework);
    send(exchange, head, open);
  }
}

function ignore(): void {}

function over(exchange: Exchange): void {
  exchange.isOver = true;
  exchange.left = !isComplete(exchange.res) && !isCut(exchange);
  if (isUnattended(exchange)) return;
  if (!exchange.isAnswered) {
    // It has been answered in the target's place, or not at all.
    exchange.upstream?.destroy();
  } else if (!exchange.isSent) {
    abandonUnlessSent(exchange);
  }
}

/** It was ended from this side, as a late error is. Over HTTP/2 that looks as if its client had left. */
function isCut({ req, failure }: Exchange): boolean {
  return failure !== undefined || req.holdOpen?.state === 'failed';
}

/** The answer came before all of its request, whose rest may go on for as long as its client is there. */
function abandonUnlessSent({ req, upstream }: Exchange): void {
  if (upstream === undefined) return;
  const { socket } = req;
  if (req.httpVersionMajor === 2 || socket.destroyed) {
    upstream.destroy();
    return;
  }
  const abandon = (): void => void upstream.destroy();
  socket.once('close', abandon);
  req.once('end', () => socket.off('close', abandon));
}

/** What is said over all routes at once must harm none: no answer loses its 304 or its range. */
function canHold(route: HeldRoute, { headers }: IncomingMessage): boolean {
  if (route.isNamed) return true;
  return (
    headers['if-none-match'] === undefined &&
    headers['if-modified-since'] === undefined &&
    headers.range === undefined
  );
}

function asHeld(held: HeldRoute | undefined, { method }: IncomingMessage) {
  if (held === undefined || !held.mounted.settings.enabled) return undefined;
  return { unconditional: held.isNamed && method === 'GET' };
}
