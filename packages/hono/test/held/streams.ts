// Event streams and other streams of Hono's helpers.
import { Hono, type MiddlewareHandler } from 'hono';
import { stream, streamSSE, streamText } from 'hono/streaming';
import { describe, expect, test, vi } from 'vitest';
import { getHold, type HonoHoldOpenOptions, holdOpen } from '../../src/index.js';
import { ask, begin, held, QUICK, quiet, until, type Way, warnings } from '../support/index.js';

/** Hono's streams set headers that HTTP/2 forbids, with holdopen as without it. */
const withoutHop: MiddlewareHandler = async (c, next) => {
  await next();
  for (const name of ['Transfer-Encoding', 'Connection']) c.res.headers.delete(name);
};

interface Beating {
  readonly app: Hono;
  /** Waits for beats that are still to come. */
  more(): Promise<void>;
}

function createApp(way: Way, options: HonoHoldOpenOptions): Beating {
  const app = new Hono();
  if (way === 'http2') app.use(withoutHop);
  let beats = 0;
  app.use(
    holdOpen({
      ...QUICK,
      onBeat() {
        beats += 1;
      },
      ...options,
    }),
  );
  const more = (): Promise<void> => {
    const present = beats;
    return until('two more beats have gone out', () => beats >= present + 2);
  };
  return { app, more };
}

export function describeStreams(way: Way): void {
  const beating = (options: HonoHoldOpenOptions = {}): Beating => createApp(way, options);

  describe('streams', () => {
    test('streamSSE gets beats in its gaps and keeps its own head', async () => {
      const { app, more } = beating();
      app.get('/events', (c) => {
        c.header('X-Accel-Buffering', 'no');
        return streamSSE(c, async (events) => {
          await events.writeSSE({ data: '1', event: 'count' });
          await more();
          await events.writeSSE({ data: '2', id: 'b' });
          await more();
        });
      });
      const reply = await ask(way, app, { path: '/events' });
      expect(reply).toMatchObject({ status: 200, ended: 'complete' });
      expect(reply.headers).toMatchObject({
        'content-type': 'text/event-stream',
        'cache-control': 'no-cache',
        'x-accel-buffering': 'no',
      });
      expect(reply.headers).not.toHaveProperty('holdopen');
      expect(reply.body).toMatch(
        /^event: count\ndata: 1\n\n: holdopen interval=60\n\n(: keepalive\n\n)+data: 2\nid: b\n\n(: keepalive\n\n)+$/,
      );
    });

    test('streamSSE without X-Accel-Buffering is warned of', async () => {
      const warned = warnings('HOLDOPEN_BUFFERED');
      const { app, more } = beating();
      app.get(`/buffered-${way}`, (c) => streamSSE(c, () => more()));
      await ask(way, app, { path: `/buffered-${way}` });
      await until('it is warned of', () => warned.length > 0);
      expect(warned[0]?.message).toContain(`GET /buffered-${way}`);
    });

    test('a beat inside an event stands at the start of a line', async () => {
      const { app, more } = beating();
      app.get('/events', (c) => {
        c.header('Content-Type', 'text/event-stream');
        return stream(c, async (body) => {
          await body.write('data: 1\n');
          await more();
          await body.write('da');
          await quiet(3 * QUICK.intervalMs);
          await body.write('ta: 2\n\n');
        });
      });
      const reply = await ask(way, app, { path: '/events' });
      expect(reply.body).toMatch(/^data: 1\n(:\n)+data: 2\n\n$/);
    });

    test('streamText carries no beats', async () => {
      const { app } = beating({ format: 'json' });
      app.get('/text', (c) =>
        streamText(c, async (body) => {
          await body.write('a');
          await quiet(3 * QUICK.intervalMs);
          await body.write('b');
        }),
      );
      const reply = await ask(way, app, { path: '/text' });
      expect(reply).toMatchObject({ body: 'ab', ended: 'complete' });
    });

    test('a JSON document in pieces arrives', async () => {
      const { app } = beating({ format: 'json' });
      app.get('/json', (c) => {
        c.header('Content-Type', 'application/json');
        return stream(c, async (body) => {
          for (const piece of ['["one', '",', '2', ',3', ']']) {
            await body.write(piece);
            await quiet(2 * QUICK.intervalMs);
          }
        });
      });
      const reply = await ask(way, app, { path: '/json' });
      expect(reply.ended).toBe('complete');
      expect(JSON.parse(reply.body)).toEqual(['one', 2, 3]);
    });

    test('the abort callback of a stream that beats comes when its client leaves', async () => {
      const { app } = beating();
      let aborted = false;
      app.get('/events', (c) =>
        streamSSE(c, async (events) => {
          await new Promise<void>((resolve) => events.onAbort(resolve));
          aborted = true;
        }),
      );
      const client = await begin(way, app, { path: '/events' });
      await client.arrived(': keepalive');
      client.leave();
      await until('the callback has come', () => aborted);
    });

    test('who asks for events gets a late JSON answer as one', async () => {
      const { app, more } = beating();
      app.post('/work', async (c) => {
        await held(c);
        await more();
        return c.json({ done: true }, 201);
      });
      const reply = await ask(way, app, {
        method: 'POST',
        path: '/work',
        headers: { Accept: 'application/json, text/event-stream' },
      });
      expect(reply.headers).toMatchObject({
        'content-type': 'text/event-stream',
        holdopen: 'interval=60, format=sse',
      });
      expect(reply.body).toMatch(
        /^(: keepalive\n\n)+: holdopen status=201\n\ndata: \{"done":true\}\n\n$/,
      );
    });

    test('who asks for events gets a late failure as one', async () => {
      const { app } = beating();
      app.get('/work', async (c) => {
        await held(c);
        return c.json({ why: 'late' }, 422);
      });
      const reply = await ask(way, app, {
        path: '/work',
        headers: { Accept: 'text/event-stream' },
      });
      expect(reply.body).toContain('{"why":"late"}');
      expect(reply.body).toMatch(/^(: keepalive\n\n)+: holdopen status=422/);
    });

    test('a late event stream for who asks for events arrives as it is', async () => {
      const { app, more } = beating();
      app.get('/work', async (c) => {
        await held(c);
        return streamSSE(c, async (events) => {
          await events.writeSSE({ data: '1' });
          await more();
          await events.writeSSE({ data: '2' });
        });
      });
      const reply = await ask(way, app, {
        path: '/work',
        headers: { Accept: 'text/event-stream' },
      });
      expect(reply.body).toMatch(/^(: keepalive\n\n)+data: 1\n\n(: keepalive\n\n)+data: 2\n\n$/);
      expect(reply.ended).toBe('complete');
    });

    test('an event stream on a JSON hold is passed on, and warned of', async () => {
      const warned = warnings('HOLDOPEN_FORMAT_SWITCH');
      const { app, more } = beating({ format: 'json' });
      app.post(`/switch-${way}`, async (c) => {
        await held(c);
        return streamSSE(c, async (events) => {
          await events.writeSSE({ data: '1' });
          await more();
        });
      });
      const reply = await ask(way, app, { method: 'POST', path: `/switch-${way}` });
      expect(reply.body).toMatch(/^\n+data: 1\n\n(: keepalive\n\n)+$/);
      await until('it is warned of', () => warned.length > 0);
    });

    test('a stream that fails late ends so that it shows', async () => {
      const told = vi.spyOn(console, 'error').mockImplementation(() => {});
      const { app } = beating({ format: 'json' });
      app.get('/work', async (c) => {
        await held(c);
        const body = new ReadableStream({
          start: (controller) => controller.enqueue(new TextEncoder().encode('{"a":')),
          async pull(controller) {
            await quiet(QUICK.intervalMs);
            controller.error(new Error('broken'));
          },
        });
        return new Response(body, { headers: { 'Content-Type': 'application/json' } });
      });
      const reply = await ask(way, app, { path: '/work' });
      expect(reply.ended).toBe('cut');
      expect(() => JSON.parse(reply.body)).toThrow();
      expect(told).toHaveBeenCalled();
      told.mockRestore();
    });

    test('a late answer leaves no beat behind its end', async () => {
      const { app } = beating({ format: 'json' });
      app.get('/work', async (c) => {
        await held(c);
        return c.json(getHold(c).state);
      });
      const reply = await ask(way, app, { path: '/work' });
      expect(reply.body).toMatch(/^\n+"held"$/);
    });
  });
}
