import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, onTestFinished, test, vi } from 'vitest';
import { readHeldJson } from '../../node/test/held/support/payload.js';
import { until } from '../../node/test/held/support/wait.js';
import { holdOpen, registry } from '../src/index.js';
import { held } from './support/held.js';
import { createApp, QUICK } from './support/serve.js';

test('an injected request, which has no socket, is held and answered like any other', async () => {
  const said = vi.spyOn(console, 'error');
  onTestFinished(() => said.mockRestore());
  const app = createApp();
  await app.register(holdOpen, { ...QUICK, format: 'json' });
  app.get('/', async (request, reply) => {
    reply.header('x-before', '1');
    await held(request);
    reply.code(201);
    return { late: true };
  });
  const reply = await app.inject('/');
  expect(reply.headers).toMatchObject({ 'x-before': '1', holdopen: 'interval=60, format=json' });
  expect(readHeldJson(reply.body)).toMatchObject({
    lateHead: { status: 201 },
    payload: '{"late":true}',
  });
  expect(readHeldJson(reply.body).beats).toBeGreaterThan(0);
  expect(reply.json()).toEqual({ late: true });
  // The application's own view, which its tests look at.
  expect(reply.statusCode).toBe(201);
  expect(said).not.toHaveBeenCalled();
  await until('nothing is held any more', () => registry.size === 0);
});

test('an injected request that is answered at once is what it is without holdopen', async () => {
  const replies = [];
  for (const mounted of [false, true]) {
    const app = createApp();
    if (mounted) await app.register(holdOpen);
    app.get('/', async (_request, reply) => {
      reply.header('x-a', '1');
      return { hello: 'world' };
    });
    const { headers, statusCode, body } = await app.inject('/');
    replies.push({ headers: { ...headers, date: 'now' }, statusCode, body });
  }
  expect(replies[1]).toEqual(replies[0]);
});

test('an injected failure after the commit is no JSON', async () => {
  const app = createApp();
  await app.register(holdOpen, { ...QUICK, format: 'json' });
  app.get('/', async (request) => {
    await held(request);
    throw new Error('late');
  });
  const reply = await app.inject('/');
  expect(() => reply.json()).toThrow(SyntaxError);
  expect(JSON.parse(`${reply.body}}`)).toMatchObject({ statusCode: 500, message: 'late' });
  expect(reply.statusCode).toBe(500);
});

test('a process in which nothing else goes on lives until an injected failure is answered', async () => {
  const script = `
    import { setTimeout } from 'node:timers/promises';
    import { holdOpen } from '@holdopen/fastify';
    import Fastify from 'fastify';
    const app = Fastify();
    await app.register(holdOpen, { intervalMs: 50, format: 'json' });
    app.get('/', async () => {
      await setTimeout(500);
      throw new Error('late');
    });
    const reply = await app.inject('/');
    console.log(reply.headers.holdopen, reply.statusCode);`;
  const args = ['--input-type=module', '--eval', script];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    cwd: import.meta.dirname,
  });
  expect(stdout).toBe('interval=50, format=json 500\n');
});
