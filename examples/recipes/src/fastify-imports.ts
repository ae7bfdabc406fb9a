// Imports in Fastify: the plugin holds the routes that ask for it in their `config`. Schemas, hooks
// and the log work as ever, and the log tells the true status of a late error.
//
//   npx tsx examples/recipes/src/fastify-imports.ts
//   curl -N localhost:3000/imports -H 'content-type: application/json' -d '{"rows":1000}'
//                                                     (more than 1000000 rows fail after the work)
import { setTimeout as sleep } from 'node:timers/promises';
import { drain, holdOpen } from '@holdopen/fastify';
import Fastify from 'fastify';

const { PORT = '3000', HOLD_INTERVAL_MS = '8000', WORK_MS = '20000' } = process.env;

const app = Fastify({ logger: true });
await app.register(holdOpen, { global: false, intervalMs: Number(HOLD_INTERVAL_MS) });
app.addHook('preClose', async () => void (await drain()));

interface Import {
  Body: { rows: number };
}

app.post<Import>(
  '/imports',
  {
    config: { holdOpen: true },
    schema: {
      body: {
        type: 'object',
        required: ['rows'],
        properties: { rows: { type: 'integer', minimum: 1 } },
      },
      response: {
        201: { type: 'object', properties: { id: { type: 'string' }, rows: { type: 'integer' } } },
      },
    },
  },
  async (request, reply) => {
    const { rows } = request.body;
    await write(rows, request.holdOpen.signal);
    reply.code(201).header('Location', '/imports/7');
    return { id: '7', rows, secret: 'the response schema leaves this out' };
  },
);

/** Stands in for a bulk insert. */
async function write(rows: number, signal: AbortSignal): Promise<void> {
  await sleep(Number(WORK_MS), undefined, { signal });
  if (rows > 1_000_000) {
    throw Object.assign(new Error('the disk is full'), { statusCode: 507 });
  }
}

const url = await app.listen({ port: Number(PORT), host: '0.0.0.0' });
console.log(`Listening on ${url}`);

process.once('SIGTERM', () => app.close());
