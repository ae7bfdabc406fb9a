import { gunzipSync } from 'node:zlib';
import compression from 'compression';
import cors from 'cors';
import type { RequestHandler } from 'express';
import session, { MemoryStore, type SessionData } from 'express-session';
import morgan from 'morgan';
import { describe, expect, test } from 'vitest';
import {
  ask,
  begin,
  gate,
  holdOptions,
  NEVER_MS,
  openRuns,
  post,
  SOON,
  untilAlone,
} from '../../../node/test/runs/support/index.js';
import { holdOpen } from '../../src/index.js';
import { readHeldJson, serve, until, VERSIONS } from '../support/index.js';

declare module 'express-session' {
  interface SessionData {
    visits: number;
  }
}

/** What stands before holdOpen sees each connection; the work is done once. */
describe.each(VERSIONS)('in $name', ({ express }) => {
  interface Plan {
    readonly before: RequestHandler;
    readonly handler: RequestHandler;
    readonly firstBeatMs?: number;
  }

  function serveAround({ before, handler, firstBeatMs = NEVER_MS }: Plan) {
    const app = express();
    app.set('env', 'test');
    app.use(before);
    app.post('/work', holdOpen(holdOptions({ runs: openRuns(), firstBeatMs })), handler);
    return serve(app);
  }

  describe('morgan', () => {
    function logged() {
      const lines: string[] = [];
      const write = (line: string): void => void lines.push(line.trim());
      const before: RequestHandler = morgan(':method :url :status :res[content-length]', {
        stream: { write },
      });
      return { lines, before };
    }

    test('writes a line for each answer, also for one from the log', async () => {
      const { lines, before } = logged();
      const served = await serveAround({
        before,
        handler: (_req, res) => void res.status(201).json({ made: true }),
      });
      for (let i = 1; i <= 2; i += 1) {
        await ask(served, post());
        await until('a line is written', () => lines.length === i);
      }
      expect(lines).toEqual(['POST /work 201 13', 'POST /work 201 13']);
    });

    test('has the true status of an answer that was held', async () => {
      const { lines, before } = logged();
      const go = gate();
      const served = await serveAround({
        before,
        firstBeatMs: SOON.firstBeatMs,
        handler: async (_req, res) => {
          await go.opened;
          res.status(422).json({ why: 'late' });
        },
      });
      const client = await begin(served, post());
      await client.arrived('\n\n');
      go.open();
      await client.arrived('{"why":"late"');
      await until('a line is written', () => lines.length > 0);
      expect(lines).toEqual(['POST /work 422 14']);
    });

    test('tells of a client that left, and of the one that came back', async () => {
      const { lines, before } = logged();
      const go = gate();
      let starts = 0;
      const served = await serveAround({
        before,
        handler: async (_req, res) => {
          starts += 1;
          await go.opened;
          res.json({ starts });
        },
      });
      const client = await begin(served, post());
      await until('it works', () => starts === 1);
      client.leave();
      await untilAlone(served);
      await until('a line is written', () => lines.length > 0);
      go.open();
      expect((await ask(served, post())).body).toBe('{"starts":1}');
      await until('another line is written', () => lines.length > 1);
      expect(lines).toEqual(['POST /work - -', 'POST /work 200 12']);
    });
  });

  describe('a session whose store takes its time', () => {
    class SlowStore extends MemoryStore {
      override set(id: string, data: SessionData, done?: (error?: unknown) => void): void {
        setTimeout(() => super.set(id, data, done), 30);
      }

      get saved(): SessionData[] {
        return Object.values(Reflect.get(this, 'sessions') as Record<string, string>).map(
          (text) => JSON.parse(text) as SessionData,
        );
      }
    }

    function visited(handler: RequestHandler) {
      const store = new SlowStore();
      const before: RequestHandler = session({
        secret: 's',
        resave: false,
        saveUninitialized: false,
        store,
      });
      return { store, served: serveAround({ before, handler }) };
    }

    test('is saved before its answer ends, and each client gets its own cookie alone', async () => {
      let starts = 0;
      const { store, served } = visited((req, res) => {
        starts += 1;
        req.session.visits = 1;
        res.json({ starts });
      });
      const first = await ask(await served, post());
      expect(first).toMatchObject({ status: 200, body: '{"starts":1}', ended: 'complete' });
      expect(first.headers['set-cookie']).toMatch(/^connect\.sid=/);
      expect(store.saved).toMatchObject([{ visits: 1 }]);
      const again = await ask(await served, post());
      expect(again.body).toBe('{"starts":1}');
      expect(again.headers).not.toHaveProperty('set-cookie');
    });

    test('is saved though its client has left', async () => {
      const go = gate();
      let starts = 0;
      const { store, served } = visited(async (req, res) => {
        starts += 1;
        await go.opened;
        req.session.visits = 7;
        res.json({ starts });
      });
      const client = await begin(await served, post());
      await until('it works', () => starts === 1);
      client.leave();
      await untilAlone(await served);
      go.open();
      await until('it is saved', () => store.saved[0]?.visits === 7);
      expect((await ask(await served, post())).body).toBe('{"starts":1}');
    });
  });

  describe('compression', () => {
    const gzip = { 'accept-encoding': 'gzip' };
    const text = JSON.stringify({ text: 'x'.repeat(50_000) });

    test.each(['before', 'behind'] as const)(
      '%s holdOpen does what it does for each client',
      async (where) => {
        let starts = 0;
        const app = express();
        const keep = holdOpen(holdOptions({ runs: openRuns() }));
        const compress: RequestHandler = compression({ threshold: 0 });
        const handler: RequestHandler = (_req, res) => {
          starts += 1;
          res.type('json').send(text);
        };
        const around = where === 'before' ? [compress, keep] : [keep, compress];
        app.post('/work', ...around, handler);
        const served = await serve(app);
        for (let i = 0; i < 2; i += 1) {
          const packed = await ask(served, post(gzip));
          // Behind holdOpen it is a part of the work, whose answer is for everybody.
          const isPacked = where === 'before';
          expect(packed.headers['content-encoding']).toBe(isPacked ? 'gzip' : undefined);
          const body = isPacked ? gunzipSync(packed.bytes).toString() : packed.body;
          expect(body).toBe(text);
          expect(packed.ended).toBe('complete');
          const plain = await ask(served, post());
          expect(plain.headers).not.toHaveProperty('content-encoding');
          expect(plain.body).toBe(text);
        }
        expect(starts).toBe(1);
      },
    );

    test.each(['gzip', 'identity'])(
      'lets a handler wait for its response to drain: %s',
      async (coding) => {
        const served = await serveAround({
          before: compression({ threshold: 0 }),
          handler: async (_req, res) => {
            res.type('json').write('[');
            for (let n = 0; n < 30; n += 1) {
              if (res.write(`"${'x'.repeat(20_000)}",`)) continue;
              await new Promise((resolve) => res.once('drain', resolve));
            }
            res.end('0]');
          },
        });
        const { bytes } = await ask(served, post({ 'accept-encoding': coding }));
        const whole = coding === 'gzip' ? gunzipSync(bytes) : bytes;
        expect(JSON.parse(whole.toString())).toHaveLength(31);
      },
    );

    test('stands aside when the answer is held', async () => {
      const go = gate();
      const served = await serveAround({
        before: compression({ threshold: 0 }),
        firstBeatMs: SOON.firstBeatMs,
        handler: async (_req, res) => {
          await go.opened;
          res.json({ done: true });
        },
      });
      const client = await begin(served, post(gzip));
      await client.arrived('\n\n');
      go.open();
      await client.arrived('{"done":true}');
      expect(client.headers()).not.toHaveProperty('content-encoding');
      const replay = await ask(served, post(gzip));
      expect(gunzipSync(replay.bytes).toString()).toBe('{"done":true}');
    });

    test('holds no event back', async () => {
      const go = gate();
      const served = await serveAround({
        before: compression({ threshold: 0 }),
        firstBeatMs: SOON.firstBeatMs,
        handler: async (_req, res) => {
          res.type('text/event-stream').write('data: 1\n\n');
          await go.opened;
          res.end('data: 2\n\n');
        },
      });
      const client = await begin(served, post(gzip));
      await client.arrived('data: 1\n\n');
      go.open();
      await client.arrived('data: 2\n\n');
    });
  });

  test.each(['at once', 'held'])(
    'cors before holdOpen answers each page by itself: %s',
    async (how) => {
      const isHeld = how === 'held';
      const served = await serveAround({
        before: cors({ origin: true, credentials: true, exposedHeaders: ['X-Total'] }),
        ...(isHeld ? { firstBeatMs: SOON.firstBeatMs } : {}),
        handler: async (_req, res) => {
          if (isHeld) await new Promise((resolve) => setTimeout(resolve, 200));
          res.json({ done: true });
        },
      });
      for (const origin of ['https://one.example', 'https://two.example']) {
        const reply = await ask(served, post({ origin }));
        expect(reply.headers).toMatchObject({
          'access-control-allow-origin': origin,
          'access-control-allow-credentials': 'true',
          'access-control-expose-headers': expect.stringContaining('X-Total'),
        });
        const names = reply.headers.vary?.split(', ') ?? [];
        expect(names).toContain('Origin');
        expect(new Set(names).size).toBe(names.length);
        expect(readHeldJson(reply.body).payload).toBe('{"done":true}');
        // The second comes from the log, at once.
        expect('holdopen' in reply.headers).toBe(isHeld && origin.includes('one'));
      }
    },
  );
});
