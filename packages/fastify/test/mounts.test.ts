import type { FastifyRequest } from 'fastify';
import { describe, expect, test } from 'vitest';
import { ask } from '../../node/test/held/support/ask.js';
import { readHeldJson } from '../../node/test/held/support/payload.js';
import { quiet } from '../../node/test/held/support/wait.js';
import { holdOpen, registry } from '../src/index.js';
import { held } from './support/held.js';
import { type Build, createApp, QUICK, serve } from './support/serve.js';

const EVERYTHING = { Accept: 'application/json, text/plain, */*' };
const JSON_ONLY = { Accept: 'application/json' };
/** So long that many a first beat would have been due. */
const LONG_MS = 6 * QUICK.firstBeatMs;

const slow = async (): Promise<unknown> => {
  await quiet(LONG_MS);
  return { slow: true };
};

async function heads(
  build: Build,
  paths: readonly string[],
  headers: Readonly<Record<string, string>> = EVERYTHING,
): Promise<(string | undefined)[]> {
  const served = await serve(build);
  const replies = await Promise.all(paths.map((path) => ask(served, { path, headers })));
  for (const { body } of replies) expect(body.trimStart()).toBe('{"slow":true}');
  return replies.map((reply) => reply.headers.holdopen);
}

describe('registered for a whole application', () => {
  test('nothing is guessed: a client that takes everything is not held', async () => {
    const build: Build = async (app) => {
      await app.register(holdOpen, QUICK);
      app.get('/', slow);
    };
    const before = registry.counters.untouched.accept ?? 0;
    expect(await heads(build, ['/'])).toEqual([undefined]);
    expect(registry.counters.untouched.accept).toBe(before + 1);
    expect(await heads(build, ['/'], JSON_ONLY)).toEqual(['interval=60, format=json']);
    expect(await heads(build, ['/'], { Accept: 'text/html' })).toEqual([undefined]);
  });

  test('a type that the handler has set on its reply is what counts', async () => {
    const build: Build = async (app) => {
      await app.register(holdOpen, QUICK);
      app.get('/json', (_request, reply) => {
        reply.type('application/json; charset=utf-8');
        return slow();
      });
      app.get('/csv', async (_request, reply) => {
        reply.type('text/csv');
        await slow();
        return '{"slow":true}';
      });
    };
    expect(await heads(build, ['/json', '/csv'])).toEqual(['interval=60, format=json', undefined]);
  });

  test('it reaches routes that stand before it, and routes of inner contexts', async () => {
    const build: Build = (app) => {
      app.get('/before', slow);
      app.register(async (child) => {
        child.get('/inner', slow);
      });
      app.register(holdOpen, QUICK);
    };
    const all = await heads(build, ['/before', '/inner'], JSON_ONLY);
    expect(all).toEqual(['interval=60, format=json', 'interval=60, format=json']);
  });

  test('in a context of its own it reaches nothing outside', async () => {
    const build: Build = (app) => {
      app.get('/outside', async (request) => {
        expect(request.holdOpen).toBeUndefined();
        return slow();
      });
      app.register(async (child) => {
        await child.register(holdOpen, QUICK);
        child.get('/inside', slow);
      });
    };
    const all = await heads(build, ['/outside', '/inside'], JSON_ONLY);
    expect(all).toEqual([undefined, 'interval=60, format=json']);
  });
});

describe('on a route', () => {
  test('JSON is taken for granted, unless Accept rules it out', async () => {
    const build: Build = async (app) => {
      await app.register(holdOpen, { ...QUICK, global: false });
      app.get('/', { config: { holdOpen: true } }, slow);
      app.get('/other', slow);
    };
    expect(await heads(build, ['/', '/other'])).toEqual(['interval=60, format=json', undefined]);
    expect(await heads(build, ['/', '/other'], JSON_ONLY)).toEqual([
      'interval=60, format=json',
      undefined,
    ]);
    expect(await heads(build, ['/'], { Accept: 'text/html' })).toEqual([undefined]);
  });

  test('its options stand over those of the plugin, and the others go on to count', async () => {
    const build: Build = async (app) => {
      await app.register(holdOpen, { ...QUICK, intervalMs: 5_000 });
      app.get('/', { config: { holdOpen: { intervalMs: 70 } } }, slow);
    };
    expect(await heads(build, ['/'])).toEqual(['interval=70, format=json']);
  });

  test('false leaves it alone, and so do options that switch off', async () => {
    const build: Build = async (app) => {
      await app.register(holdOpen, { ...QUICK, format: 'json' });
      app.get('/false', { config: { holdOpen: false } }, slow);
      app.get('/off', { config: { holdOpen: { intervalMs: false } } }, slow);
      app.get('/on', slow);
    };
    expect(await heads(build, ['/false', '/off', '/on'])).toEqual([
      undefined,
      undefined,
      'interval=60, format=json',
    ]);
  });

  test('one object of options serves many routes and applications, and is not written on', async () => {
    const options = Object.freeze({ intervalMs: 70 });
    const config = Object.freeze({ holdOpen: options });
    const build =
      (firstBeatMs: number): Build =>
      async (app) => {
        await app.register(holdOpen, Object.freeze({ firstBeatMs, global: false }));
        app.get('/a', { config }, slow);
        app.get('/b', { config }, slow);
      };
    const both = ['interval=70, format=json', 'interval=70, format=json'];
    expect(await heads(build(20), ['/a', '/b'])).toEqual(both);
    expect(await heads(build(30), ['/a', '/b'])).toEqual(both);
    // The same options under a plugin that withholds heads for longer.
    expect(await heads(build(5_000), ['/a', '/b'])).toEqual([undefined, undefined]);
  });

  test('a route of several methods is held for each, and its own HEAD route is not', async () => {
    const served = await serve(async (app) => {
      await app.register(holdOpen, { ...QUICK, global: false });
      const config = { holdOpen: true };
      app.route({ method: ['GET', 'POST', 'PUT'], url: '/', config, handler: slow });
    });
    for (const method of ['GET', 'POST', 'PUT']) {
      const reply = await ask(served, { method });
      expect(readHeldJson(reply.body)).toMatchObject({ payload: '{"slow":true}' });
      expect(reply.headers).toHaveProperty('holdopen');
    }
    const head = await ask(served, { method: 'HEAD', headers: { Connection: 'close' } });
    expect(head).toMatchObject({ status: 200, body: '', headers: { 'content-length': '13' } });
    expect(head.headers).not.toHaveProperty('holdopen');
  });
});

describe('registered again in an inner context', () => {
  test.each(['outer first', 'inner first'])(
    'the innermost options win, with the %s',
    async (order) => {
      const holds = registry.counters.holds;
      const build: Build = async (app) => {
        const outer = () => app.register(holdOpen, { ...QUICK, intervalMs: 5_000 });
        if (order === 'outer first') await outer();
        app.register(async (child) => {
          await child.register(holdOpen, { ...QUICK, intervalMs: 80 });
          child.get('/inner', slow);
          child.get('/own', { config: { holdOpen: { intervalMs: 90 } } }, slow);
          child.register(async (grandchild) => {
            grandchild.get('/innermost', slow);
          });
        });
        if (order !== 'outer first') outer();
        app.get('/outer', slow);
      };
      const all = await heads(build, ['/inner', '/own', '/innermost', '/outer'], JSON_ONLY);
      expect(all.map((head) => head?.split(',')[0])).toEqual([
        'interval=80',
        'interval=90',
        'interval=80',
        'interval=5000',
      ]);
      expect(registry.counters.holds).toBe(holds + 4);
    },
  );

  test('global: false inside leaves its routes to opt in, whatever holds outside', async () => {
    const build: Build = async (app) => {
      await app.register(holdOpen, QUICK);
      app.register(async (child) => {
        await child.register(holdOpen, { ...QUICK, global: false });
        child.get('/inner', slow);
        child.get('/opted', { config: { holdOpen: true } }, slow);
      });
      app.get('/outer', slow);
    };
    const all = await heads(build, ['/inner', '/opted', '/outer'], JSON_ONLY);
    expect(all.map((head) => head !== undefined)).toEqual([false, true, true]);
  });
});

test('request.holdOpen is the hold where there is one, and does nothing where there is none', async () => {
  const states: unknown[] = [];
  const app = createApp();
  await app.register(holdOpen, { ...QUICK, global: false });
  app.get('/', { config: { holdOpen: true } }, async (request) => {
    states.push(request.holdOpen.state, request.holdOpen === request.raw.holdOpen);
    await held(request);
    request.holdOpen.touch();
    states.push(request.holdOpen.state, request.holdOpen.id.length > 0);
    return {};
  });
  const notHeld = async (request: FastifyRequest): Promise<unknown> => {
    request.holdOpen.touch();
    states.push(request.holdOpen.state, request.holdOpen.signal.aborted);
    return {};
  };
  app.get('/off', { config: { holdOpen: false } }, notHeld);
  app.get('/not-asked', notHeld);
  await app.inject('/');
  await app.inject('/off');
  await app.inject('/not-asked');
  expect(states).toEqual(['waiting', true, 'held', true, 'off', false, 'off', false]);
});
