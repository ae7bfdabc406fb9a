import { createRuns } from '@holdopen/runs';
import { runsMiddleware } from '@holdopen/runs/node';
import Fastify from 'fastify';
import { login, userOf, workForMinutes } from '../../../node/test/runs/support/readme-work.js';
import { holdOpen, incomingOf } from '../../src/index.js';

const runs = createRuns({ authorize: (request) => userOf(incomingOf(request)) });
const routes = runsMiddleware(runs); // /runs/*, where clients come back to

export const app = Fastify();
app.addHook('onRequest', login);
app.addHook('onRequest', (request, reply, done) => routes(request, reply.raw, done));
await app.register(holdOpen, { global: false });

app.post('/reports', { config: { holdOpen: { runs } } }, async (request, reply) => {
  reply.code(201);
  return workForMinutes(request.body); // the handler is not changed
});
