import { afterEach, describe, expect, test } from 'vitest';
import { ask } from '../../node/test/held/support/ask.js';
import { readHeldJson } from '../../node/test/held/support/payload.js';
import { until } from '../../node/test/held/support/wait.js';
import { drain, HoldOpenError, registry } from '../src/index.js';
import { held } from './support/held.js';
import { serveHeld } from './support/serve.js';

afterEach(() => registry.reopen());

describe('drain in a preClose hook', () => {
  const serveDrained = (timeoutMs: number) => {
    const events: string[] = [];
    const reasons: unknown[] = [];
    const served = serveHeld((app) => {
      app.addHook('preClose', async () => {
        events.push('preClose');
        await drain({ timeoutMs, retryAfterSeconds: 3 });
        events.push('drained');
      });
      app.addHook('onClose', async () => void events.push('onClose'));
      app.addHook('onResponse', async (_request, reply) => {
        events.push(`onResponse ${reply.statusCode}`);
      });
      app.get('/finishes', async (request) => {
        await held(request);
        await until('it is closing', () => events.includes('preClose'));
        return { finished: true };
      });
      app.get('/waits', async ({ holdOpen: { signal } }) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        reasons.push(signal.reason);
      });
    });
    return { events, reasons, served };
  };

  test('app.close waits for held replies that end by themselves', async () => {
    const { events, served } = serveDrained(20_000);
    const { app } = await served;
    const asked = ask(await served, { path: '/finishes' });
    await until('it is held', () => registry.size === 1);
    await app.close();
    expect(readHeldJson((await asked).body).payload).toBe('{"finished":true}');
    expect(events.at(0)).toBe('preClose');
    expect(events.slice(1, -1).sort()).toEqual(['drained', 'onResponse 200']);
    expect(events.at(-1)).toBe('onClose');
  });

  test('and ends those that do not, with a late 503 that their clients and hooks see', async () => {
    const { events, reasons, served } = serveDrained(50);
    const { app } = await served;
    const asked = ask(await served, { path: '/waits' });
    await until('it is held', () => registry.size === 1);
    await app.close();
    const reply = await asked;
    expect(reply.ended).toBe('cut');
    expect(readHeldJson(reply.body).lateHead).toEqual({
      status: 503,
      headers: [['retry-after', '3']],
    });
    expect(events.slice(1, -1).sort()).toEqual(['drained', 'onResponse 503']);
    expect(events.at(-1)).toBe('onClose');
    expect(reasons).toMatchObject([{ code: 'HOLDOPEN_DRAINED' }]);
    expect(reasons[0]).toBeInstanceOf(HoldOpenError);
  });
});

describe('maxSilenceMs', () => {
  test('a handler that gives no sign of life for too long fails with a late 504', async () => {
    const statuses: number[] = [];
    const signals: AbortSignal[] = [];
    const served = await serveHeld(
      (app) => {
        app.addHook('onResponse', async (_request, reply) => void statuses.push(reply.statusCode));
        app.get('/', async (request) => {
          signals.push(request.holdOpen.signal);
          await until('it was told', () => request.holdOpen.signal.aborted);
          return { too: 'late' };
        });
      },
      { maxSilenceMs: 200 },
    );
    const reply = await ask(served);
    expect(reply.ended).toBe('cut');
    expect(readHeldJson(reply.body).lateHead?.status).toBe(504);
    expect(JSON.parse(`${reply.body}}`)).toMatchObject({ code: 'silence' });
    await until('the hook has run', () => statuses.length > 0);
    expect(statuses).toEqual([504]);
    expect(signals[0]?.reason).toMatchObject({ code: 'HOLDOPEN_SILENCE' });
  });

  test('touch is a sign of life', async () => {
    const served = await serveHeld(
      (app) => {
        app.get('/', async (request) => {
          for (let i = 0; i < 20; i++) {
            await new Promise((resolve) => setTimeout(resolve, 50));
            request.holdOpen.touch();
          }
          return { alive: true };
        });
      },
      { maxSilenceMs: 500 },
    );
    expect(readHeldJson((await ask(served)).body).payload).toBe('{"alive":true}');
  });
});

test('200 replies are held at once, and each gets its own payload and beats', async () => {
  const count = 200;
  let heldReplies = 0;
  const served = await serveHeld(
    (app) => {
      app.get('/:id', async (request) => {
        await held(request);
        heldReplies += 1;
        await until('all are held', () => heldReplies === count);
        return { id: (request.params as { id: string }).id };
      });
    },
    { intervalMs: 150 },
  );
  const ids = Array.from({ length: count }, (_, i) => String(i));
  const replies = await Promise.all(ids.map((id) => ask(served, { path: `/${id}` })));
  for (const [i, reply] of replies.entries()) {
    const { beats, payload } = readHeldJson(reply.body);
    expect(payload).toBe(`{"id":"${i}"}`);
    expect(beats).toBeGreaterThan(0);
    expect(reply.ended).toBe('complete');
  }
  expect(registry.size).toBe(0);
});
