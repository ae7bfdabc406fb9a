import { expect, test } from 'vitest';
import { registry } from '../../src/index.js';
import { ask, requestText } from './support/ask.js';
import { serveHeld } from './support/serve.js';
import { quiet, until } from './support/wait.js';

test('maxHolds does not count streams that are never silent', async () => {
  const busy = await serveHeld(
    async (_req, res) => {
      res.setHeader('Content-Type', 'text/event-stream');
      while (!res.destroyed) {
        res.write('data: x\n\n');
        await quiet(10);
      }
    },
    { maxHolds: 1 },
  );
  const client = await busy.connect();
  client.send(requestText());
  await client.arrived('data: x');
  const held = await serveHeld(
    async (_req, res) => {
      await quiet(150);
      res.end('{}');
    },
    { maxHolds: 1 },
  );
  expect((await ask(held)).headers).toHaveProperty('holdopen');
  expect(client.text).not.toContain('\n: ');
});

test('maxHolds lets a stream pass that falls silent when there is no room', async () => {
  const seen: (string | undefined)[] = [];
  const served = await serveHeld(
    async (req, res) => {
      res.setHeader('Content-Type', 'text/event-stream');
      res.write('data: x\n\n');
      await until(
        'both have been silent',
        () => registry.counters.untouched.max_holds === before + 1,
      );
      seen.push(req.holdOpen?.state);
      res.end('data: y\n\n');
    },
    { maxHolds: 1 },
  );
  const before = registry.counters.untouched.max_holds ?? 0;
  const replies = await Promise.all([ask(served), ask(served)]);
  expect(seen.sort()).toEqual(['streaming', 'untouched']);
  const bodies = replies.map(({ body }) => body).sort();
  expect(bodies).toContain('data: x\n\ndata: y\n\n');
  expect(bodies.filter((body) => body.includes(': holdopen'))).toHaveLength(1);
  expect(registry.occupied).toBe(0);
});
