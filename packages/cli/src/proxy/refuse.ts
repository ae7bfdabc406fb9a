import type { Exchange } from './exchange.js';
import { answerProblem } from './problem.js';
import type { Refusal } from './refusal.js';

/** Answers a request that does not go on. */
export function refuse(exchange: Exchange, reason: Refusal): void {
  const { req, res } = exchange;
  exchange.refused = reason.code;
  exchange.status = reason.status;
  // Where this request ends is in doubt, so nothing behind it is read.
  if (req.httpVersionMajor === 1) res.setHeader('Connection', 'close');
  answerProblem(req, res, reason);
}
