import { describe, expect, test } from 'vitest';
import { holdOpen, registry } from '../../src/index.js';
import {
  ask,
  type ExpressModule,
  held,
  QUICK,
  quiet,
  readHeldJson,
  readResponse,
  requestText,
  type Served,
  serve,
  until,
  VERSIONS,
} from '../support/index.js';

const HOLDS = 200;

describe.each(VERSIONS)('in $name', ({ express }) => {
  test('a connection is used again after a hold', async () => {
    const served = await app(express);
    const client = await served.connect();
    for (const path of ['/slow/1', '/fast/2', '/slow/3', '/fast/4']) {
      client.arrivals.length = 0;
      client.send(requestText({ path }));
      const response = await client.response();
      expect(response.headers.connection).toBe('keep-alive');
      expect(response.body.trim()).toBe(JSON.stringify({ path }));
      expect('holdopen' in response.headers).toBe(path.startsWith('/slow'));
    }
    expect(served.connections.size).toBe(1);
  });

  test('pipelined requests are answered in order, held and not', async () => {
    const served = await app(express);
    const client = await served.connect();
    const paths = ['/fast/1', '/slow/2', '/fast/3', '/slow/4', '/fast/5'];
    client.send(paths.map((path) => requestText({ path })).join(''));
    await client.arrived('"/fast/5"');
    let rest = client.received;
    for (const path of paths) {
      const response = readResponse(rest);
      expect(response?.complete).toBe(true);
      expect(response?.body.trim()).toBe(JSON.stringify({ path }));
      rest = response?.rest ?? rest;
    }
    expect(rest).toHaveLength(0);
  });

  test('after a late failure the connection is gone, and the next one works', async () => {
    const served = await app(express);
    const cut = await ask(served, { path: '/fails' });
    expect(cut.ended).toBe('cut');
    await until('the connection has closed', () => served.connections.size === 0);
    expect((await ask(served, { path: '/fast/1' })).body).toBe('{"path":"/fast/1"}');
  });

  test(`${HOLDS} requests are held at once, and each gets its own answer and status`, async () => {
    let allHeld = false;
    const all = express();
    all.set('env', 'test');
    all.use(holdOpen({ firstBeatMs: 20, intervalMs: 200, format: 'json' }), express.json());
    all.post('/:id', async (req, res) => {
      await until('all of them are held', () => {
        allHeld ||= registry.size === HOLDS;
        return allHeld;
      });
      const id = Number(req.params.id);
      res.status(id % 3 === 0 ? 409 : 200).json({ id, body: req.body as unknown });
    });
    const served = await serve(all);
    const ids = Array.from({ length: HOLDS }, (_, id) => id);
    const replies = await Promise.all(
      ids.map((id) =>
        ask(served, {
          method: 'POST',
          path: `/${id}`,
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify({ of: id }),
        }),
      ),
    );
    for (const [id, reply] of replies.entries()) {
      const failed = id % 3 === 0;
      expect(reply.ended).toBe(failed ? 'cut' : 'complete');
      expect(readHeldJson(reply.body).lateHead?.status).toBe(failed ? 409 : undefined);
      expect(JSON.parse(failed ? `${reply.body}}` : reply.body)).toEqual({ id, body: { of: id } });
    }
    expect(registry.size).toBe(0);
  });

  test('an HTTP/1.0 client, such as nginx speaks it, is held until its connection ends', async () => {
    const served = await app(express);
    const client = await served.connect();
    client.send(requestText({ path: '/slow/1' }, '1.0'));
    await client.close();
    const response = readResponse(client.received);
    expect(response?.headers).not.toHaveProperty('transfer-encoding');
    expect(readHeldJson(response?.body ?? '').payload).toBe('{"path":"/slow/1"}');
  });
});

function app(express: ExpressModule): Promise<Served> {
  const router = express();
  router.set('env', 'test');
  router.get('/fast/:id', holdOpen({ firstBeatMs: 5_000 }), (req, res) => {
    res.json({ path: req.path });
  });
  router.get('/slow/:id', holdOpen(QUICK), async (req, res) => {
    await held(req);
    await quiet(30);
    res.json({ path: req.path });
  });
  router.get('/fails', holdOpen(QUICK), (req, _res, next) => {
    held(req).then(() => next(new Error('late')), next);
  });
  return serve(router);
}
