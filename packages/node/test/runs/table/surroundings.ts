import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import onFinished from 'on-finished';
import { expect, test } from 'vitest';
import {
  type Around,
  ask,
  gate,
  KEY,
  type Mount,
  type Outer,
  openRuns,
  post,
  quietConsole,
  requestText,
  until,
  type Work,
} from '../support/index.js';

/** What stood there before holdOpen, and sees the connection. */
export function surroundings(mount: Mount): void {
  test.each<[string, Around]>([
    ['its handler reads', { isUnparsed: true }],
    ['nobody reads', { isUnparsed: true }],
    ['a parser behind reads', { parser: 'behind' }],
    ['a parser before has read', { parser: 'before' }],
  ])(
    'who waits for the end of a request hears of it, when its body is one that %s',
    async (whose, around) => {
      const heard: Record<string, number> = { end: 0, close: 0, finished: 0 };
      const count = (what: string) => (): void => {
        heard[what] = (heard[what] ?? 0) + 1;
      };
      let socket: IncomingMessage['socket'] | undefined;
      const outer: Outer = (req, _res, next) => {
        socket = req.socket;
        for (const name of ['end', 'close']) req.on(name, count(name));
        onFinished(req, count('finished'));
        next();
      };
      let starts = 0;
      const work: Work = async (voice) => {
        starts += 1;
        if (whose !== 'nobody reads') await voice.text();
        return voice.json({ starts });
      };
      const served = await mount.serve(work, { ...around, outer, runs: openRuns() });
      const keyed = (n: number) => post({ 'idempotency-key': `${KEY.slice(0, -2)}${10 + n}` });
      const all = (n: number) => ({ end: n, close: n, finished: n });
      const heardAll = (n: number) => (): boolean =>
        Object.values(heard).every((count) => count >= n);
      if (mount.transport === 'h2c') {
        expect((await ask(served, keyed(1))).body).toBe('{"starts":1}');
        await until('it is told', heardAll(1));
        expect(heard).toEqual(all(1));
        return;
      }
      const client = await served.connect();
      let listeners: number[] = [];
      for (let n = 1; n <= 4; n += 1) {
        client.send(requestText(keyed(n)));
        await client.arrived(`{"starts":${n}}`);
        await until(`it is told of ${n}`, heardAll(n));
        const now = ['close', 'error', 'end'].map((name) => socket?.listenerCount(name) ?? -1);
        // None of a request stays on the connection that goes on.
        if (n === 1) listeners = now;
        expect(now).toEqual(listeners);
      }
      expect(heard).toEqual(all(4));
    },
  );

  test('what others tell by the request and the response comes to those who listen outside', async () => {
    const go = gate();
    const heard: unknown[] = [];
    let tell = (): void => {};
    const outer: Outer = (req, res, next) => {
      for (const name of ['timeout', 'own']) {
        req.on(name, (word: unknown) => heard.push(['request', name, word]));
      }
      res.on('own', (word: unknown) => heard.push(['response', 'own', word]));
      tell = () => {
        req.emit('timeout', 1);
        req.emit('own', 2);
        res.emit('own', 3);
      };
      next();
    };
    let starts = 0;
    const work: Work = async (voice) => {
      starts += 1;
      // A time-out of the connection is told outside, whoever else listens.
      voice.req.on('timeout', () => heard.push('the work'));
      await go.opened;
      return voice.json({ starts });
    };
    const served = await mount.serve(work, { outer, runs: openRuns() });
    const reply = ask(served, post());
    await until('it works', () => starts === 1);
    tell();
    expect(heard).toEqual([
      ['request', 'timeout', 1],
      ['request', 'own', 2],
      ['response', 'own', 3],
    ]);
    go.open();
    expect((await reply).body).toBe('{"starts":1}');
  });

  test('a time-out outside answers its client, and the work goes on', async () => {
    const go = gate();
    let expire = (): void => {};
    const outer: Outer = (req, res, next) => {
      // As connect-timeout tells it, and its user answers.
      req.on('timeout', () => {
        res.statusCode = 503;
        res.end('too slow');
      });
      expire = () => void req.emit('timeout', 200);
      next();
    };
    let starts = 0;
    const seen: unknown[] = [];
    const work: Work = async (voice) => {
      starts += 1;
      await go.opened;
      const res = voice.raw();
      // Whoever sends a file looks there first.
      seen.push(onFinished.isFinished(res), res.finished, res.writableEnded);
      res.writeHead(201, { 'Content-Type': 'application/json' });
      res.end(JSON.stringify({ starts }));
    };
    const served = await mount.serve(work, { outer, runs: openRuns() });
    const reply = ask(served, post());
    await until('it works', () => starts === 1);
    expire();
    expect(await reply).toMatchObject({ status: 503, body: 'too slow', ended: 'complete' });
    go.open();
    expect(await ask(served, post())).toMatchObject({ status: 201, body: '{"starts":1}' });
    expect(seen).toEqual([false, false, false]);
  });

  /** Reads all of a body, and keeps of it what it likes. */
  const reader = (keep: (req: IncomingMessage, bytes: Buffer) => void): Outer => {
    return (req, _res, next) => {
      const chunks: Buffer[] = [];
      req.on('data', (chunk: Buffer) => chunks.push(chunk));
      req.on('end', () => {
        keep(req, Buffer.concat(chunks));
        next();
      });
    };
  };
  const form = 'multipart/form-data; boundary=b';

  test.each<[string, string, Outer]>([
    ['nothing', 'text/x-own', reader(() => {})],
    ['it elsewhere', 'text/x-own', reader((req, bytes) => Object.assign(req, { rawBody: bytes }))],
    // As multer does.
    ['the fields of a form', form, reader((req) => Object.assign(req, { body: { field: '1' } }))],
  ])(
    'a body that was read before, of which is left %s, is not compared by what is left',
    async (_what, type, outer) => {
      quietConsole();
      let starts = 0;
      const work: Work = (voice) => voice.json({ starts: ++starts });
      const around = { outer, isUnparsed: true };
      const served = await mount.serve(work, { ...around, runs: openRuns() });
      const ann = post({ 'content-type': type }, 'invoice of Ann');
      const bob = post({ 'content-type': type }, 'invoice of Bob');
      // Who has no key has nothing to compare.
      const { 'idempotency-key': _, ...headers } = ann.headers ?? {};
      expect((await ask(served, { ...ann, headers })).status).toBe(200);
      for (const question of [ann, bob]) {
        expect(await ask(served, question)).toMatchObject({ status: 500, ended: 'complete' });
      }
      expect(starts).toBe(1);
      const fingerprint = (request: Request): string =>
        createHash('sha256')
          .update(request.headers.get('x-sum') ?? '')
          .digest('hex');
      const compared = await mount.serve(work, { ...around, runs: openRuns({ fingerprint }) });
      const summed = (sum: string) => ({ ...ann, headers: { ...ann.headers, 'x-sum': sum } });
      expect((await ask(compared, summed('Ann'))).body).toBe('{"starts":2}');
      expect((await ask(compared, summed('Ann'))).body).toBe('{"starts":2}');
      expect((await ask(compared, summed('Bob'))).status).toBe(422);
    },
  );
}
