import { expect, test, vi } from 'vitest';
import {
  ask,
  begin,
  gate,
  KEY,
  type Mount,
  openRuns,
  plainPost,
  post,
  quietConsole,
  repeatable,
  statusOf,
  untilState,
  type Voice,
  type Work,
} from '../support/index.js';

/** What a key starts, and what it meets afterwards. */
export function keys(mount: Mount): void {
  test('five requests with one key start the work once, and all get its answer', async () => {
    let starts = 0;
    const work = async (voice: Voice): Promise<unknown> => {
      starts += 1;
      const { n } = JSON.parse(await voice.text()) as { n: number };
      return voice.json({ double: 2 * n }, 201, { 'Content-Language': 'en', 'X-Own': 'not kept' });
    };
    const served = await mount.serve(work, { runs: openRuns() });
    const replies = await Promise.all(Array.from({ length: 5 }, () => ask(served, post())));
    const again = await ask(served, post());
    expect(again).toMatchObject({ status: 201, body: '{"double":4}', ended: 'complete' });
    expect(again.headers).toMatchObject({ 'content-language': 'en', 'content-length': '12' });
    expect(again.headers).not.toHaveProperty('x-own');
    for (const reply of replies) expect(repeatable(reply)).toEqual(repeatable(again));
    expect(starts).toBe(1);
  });

  test('another payload under the key is refused, and starts nothing', async () => {
    let starts = 0;
    const work: Work = (voice) => voice.json({ starts: ++starts });
    const served = await mount.serve(work, { runs: openRuns() });
    expect((await ask(served, post())).body).toBe('{"starts":1}');
    const swapped = await ask(served, post({}, '{"n":3}'));
    expect(swapped).toMatchObject({ status: 422, ended: 'complete' });
    expect(JSON.parse(swapped.body)).toMatchObject({ code: 'payload_differs' });
    expect((await ask(served, post())).body).toBe('{"starts":1}');
  });

  test('who may not is told so, and the handler is not called', async () => {
    const work = vi.fn<Work>((voice) => voice.json({}));
    const served = await mount.serve(work, { runs: openRuns() });
    const { 'x-user': _, ...headers } = post().headers ?? {};
    const refused = await ask(served, { ...post(), headers });
    expect(refused.status).toBe(403);
    expect(work).not.toHaveBeenCalled();
  });

  test('a status that asks to come again is no result: the work starts anew', async () => {
    let starts = 0;
    const work: Work = (voice) => {
      starts += 1;
      return voice.json({ starts }, starts === 1 ? 503 : 200);
    };
    const served = await mount.serve(work, { runs: openRuns() });
    expect(await ask(served, post())).toMatchObject({ status: 503, body: '{"starts":1}' });
    expect(await ask(served, post())).toMatchObject({ status: 200, body: '{"starts":2}' });
    expect(await ask(served, post())).toMatchObject({ status: 200, body: '{"starts":2}' });
  });

  test('an error that is final is a result', async () => {
    let starts = 0;
    const work: Work = (voice) => voice.json({ starts: ++starts }, 409);
    const served = await mount.serve(work, { runs: openRuns() });
    for (let i = 0; i < 2; i += 1) {
      expect(await ask(served, post())).toMatchObject({ status: 409, body: '{"starts":1}' });
    }
  });

  test('a handler that fails has failed once and for all', async () => {
    quietConsole();
    let starts = 0;
    const work: Work = async () => {
      starts += 1;
      throw new Error('a secret');
    };
    const served = await mount.serve(work, { runs: openRuns() });
    const first = await ask(served, post());
    expect(first).toMatchObject({ status: 500, ended: 'complete' });
    const again = await ask(served, post());
    expect(repeatable(again)).toEqual(repeatable(first));
    expect(starts).toBe(1);
  });

  test('a handler that throws at once has failed, too', async () => {
    quietConsole();
    let starts = 0;
    const work: Work = () => {
      starts += 1;
      throw new Error('a secret');
    };
    const served = await mount.serve(work, { runs: openRuns() });
    expect((await ask(served, post())).status).toBe(500);
    expect((await ask(served, post())).status).toBe(500);
    expect(starts).toBe(1);
  });

  test('a handler that gives up behind its head has failed, and its half answer is nobody’s', async () => {
    quietConsole();
    let starts = 0;
    const work: Work = (voice) => {
      starts += 1;
      const res = voice.raw();
      res.setHeader('Content-Type', 'application/json');
      res.write('{"half":');
      res.destroy(new Error('a secret'));
    };
    const served = await mount.serve(work, { runs: openRuns() });
    for (let i = 0; i < 2; i += 1) {
      const reply = await ask(served, post());
      expect(reply).toMatchObject({ status: 500, ended: 'complete' });
      expect(reply.body).not.toMatch(/half|secret/);
    }
    expect(starts).toBe(1);
  });

  test('an answer without a body is one, and is repeated', async () => {
    let starts = 0;
    const work: Work = (voice) => {
      starts += 1;
      return voice.empty(204);
    };
    const served = await mount.serve(work, { runs: openRuns() });
    for (let i = 0; i < 2; i += 1) {
      const reply = await ask(served, post());
      expect(reply).toMatchObject({ status: 204, body: '' });
      expect(reply.headers).not.toHaveProperty('content-length');
      expect(statusOf(reply)).toMatch(/^\/runs\//);
    }
    expect(starts).toBe(1);
  });

  test('mounted twice around one handler it is one run', async () => {
    let starts = 0;
    const go = gate();
    const runs = openRuns();
    const work: Work = async (voice) => {
      starts += 1;
      await go.opened;
      return voice.json({ n: JSON.parse(await voice.text()) });
    };
    const served = await mount.serve(work, { runs, isTwice: true });
    const client = await begin(served, post());
    await vi.waitFor(() => expect(starts).toBe(1));
    expect(await runs.list('ann')).toHaveLength(1);
    go.open();
    await client.arrived('{"n":{"n":2}}');
    const again = await ask(served, post());
    expect(again).toMatchObject({ status: 200, body: '{"n":{"n":2}}' });
    await untilState(served, statusOf(again), 'completed');
    expect(starts).toBe(1);
  });

  test('a request without a key is what it is without holdOpen, and nobody listens to it', async () => {
    const seen: unknown[] = [];
    const replies = [];
    for (const around of [{ isBare: true }, { runs: openRuns() }, { runs: undefined }]) {
      const work: Work = async (voice) => {
        const body = await voice.text();
        const { req } = voice;
        const res = voice.raw();
        seen.push({
          req: req.eventNames().map((name) => [name, req.listenerCount(name)]),
          res: res.eventNames().map((name) => [name, res.listenerCount(name)]),
          own: around.isBare === true ? [] : Reflect.ownKeys(res).map(String),
        });
        res.setHeader('X-Own', '1');
        res.write('{"body":');
        res.end(`${body}}`);
      };
      const served = await mount.serve(work, around);
      const reply = await ask(served, plainPost());
      expect(reply.body).toBe('{"body":{"n":2}}');
      const { date: _, ...headers } = reply.headers;
      const head = reply.head.replace(/^date: .*$/im, '');
      replies.push({ ...reply, headers, head });
    }
    const [bare, withRuns, withoutRuns] = seen as { own: unknown }[];
    expect(withRuns).toEqual(withoutRuns);
    expect(withRuns).toMatchObject({ ...bare, own: withoutRuns?.own });
    expect(replies[1]).toEqual(replies[0]);
  });

  test('a key that is none is told so', async () => {
    const work = vi.fn<Work>((voice) => voice.json({}));
    const served = await mount.serve(work, { runs: openRuns() });
    const reply = await ask(served, post({ 'idempotency-key': 'two words' }));
    expect(reply.status).toBe(400);
    expect(work).not.toHaveBeenCalled();
    expect((await ask(served, post({ 'idempotency-key': `"${KEY}"` }))).status).toBe(200);
    expect((await ask(served, post())).status).toBe(200);
    expect(work).toHaveBeenCalledTimes(1);
  });
}
