import type { FastifyRequest } from 'fastify';
import { until } from '../../../node/test/held/support/wait.js';

/** Waits, in a handler or hook, until the head has been sent in its place. */
export async function held(request: FastifyRequest): Promise<void> {
  await until('the reply is held', () => request.holdOpen.state === 'held');
}
