import { randomBytes } from 'node:crypto';
import { createMemoryStore } from '@holdopen/runs';
import { expect, test } from 'vitest';
import {
  ask,
  gate,
  KEY,
  type Mount,
  openRuns,
  post,
  quietConsole,
  repeatable,
  requestText,
  until,
  type Work,
} from '../support/index.js';

const OTHER_KEY = '6f1d0c1e-1b1b-4c53-8f3a-0d1d8c6d2b11';

/** What comes in, and how large answers go out. */
export function bodies(mount: Mount): void {
  /** Whoever reads it reads all of it, behind holdOpen which has read it before. */
  const echo: Work = async (voice) => {
    const text = await voice.text();
    return voice.json({ length: text.length, text });
  };

  test('a large body comes to the handler as it was sent, and goes out again whole', async () => {
    let starts = 0;
    const work: Work = (voice) => {
      starts += 1;
      return echo(voice);
    };
    const served = await mount.serve(work, { runs: openRuns(), isUnparsed: true });
    const body = randomBytes(300_000).toString('hex');
    const question = post({ 'content-type': 'application/octet-stream' }, body);
    const first = await ask(served, question);
    expect(first).toMatchObject({ status: 200, ended: 'complete' });
    expect(JSON.parse(first.body)).toEqual({ length: 600_000, text: body });
    const again = await ask(served, question);
    expect(repeatable(again)).toEqual(repeatable(first));
    const swapped = await ask(served, { ...question, body: `${body.slice(0, -1)}!` });
    expect(swapped.status).toBe(422);
    expect(starts).toBe(1);
  });

  test('a body that comes in pieces is put together', async () => {
    const served = await mount.serve(echo, { runs: openRuns(), isUnparsed: true });
    if (mount.transport !== 'HTTP/1.1') return;
    const client = await served.connect();
    const { 'content-type': _, ...headers } = post().headers ?? {};
    const chunked = { ...headers, 'Transfer-Encoding': 'chunked', 'content-type': 'text/x-own' };
    client.send(requestText({ method: 'POST', path: '/work', headers: chunked }));
    for (const piece of ['one,', 'two,', 'three']) {
      const before = client.received.length;
      client.send(`${piece.length.toString(16)}\r\n${piece}\r\n`);
      // Each in a packet of its own, as far as one can say.
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(client.received.length).toBe(before);
    }
    client.send('0\r\n\r\n');
    expect(JSON.parse((await client.response()).body)).toEqual({
      length: 13,
      text: 'one,two,three',
    });
  });

  test('a form that is sent again under another boundary is the same', async () => {
    let starts = 0;
    const work: Work = (voice) => {
      starts += 1;
      return echo(voice);
    };
    const served = await mount.serve(work, { runs: openRuns(), isUnparsed: true });
    const form = (boundary: string, value: string) =>
      post(
        { 'content-type': `multipart/form-data; boundary=${boundary}` },
        `--${boundary}\r\nContent-Disposition: form-data; name="a"\r\n\r\n${value}\r\n--${boundary}--\r\n`,
      );
    const first = await ask(served, form('one', '1'));
    const { text } = JSON.parse(first.body) as { text: string };
    expect(text).toBe(form('one', '1').body);
    const again = await ask(served, form('another', '1'));
    expect(again.body).toBe(first.body);
    expect((await ask(served, form('one', '2'))).status).toBe(422);
    expect(starts).toBe(1);
  });

  test.each(['before', 'behind'] as const)(
    'a parser of JSON may stand %s holdOpen, and what it made is compared',
    async (parser) => {
      let starts = 0;
      const work: Work = async (voice) => {
        starts += 1;
        return voice.json({ body: JSON.parse(await voice.text()) });
      };
      const served = await mount.serve(work, { runs: openRuns(), parser });
      const first = await ask(served, post({}, '{"a":1,"b":[2]}'));
      expect(first).toMatchObject({ status: 200, body: '{"body":{"a":1,"b":[2]}}' });
      const again = await ask(served, post({}, '{"a":1,"b":[2]}'));
      expect(again.body).toBe(first.body);
      expect((await ask(served, post({}, '{"a":1,"b":[3]}'))).status).toBe(422);
      expect(starts).toBe(1);
    },
  );

  test('work may be asked for without a body, and need not read one', async () => {
    let starts = 0;
    const work: Work = (voice) => voice.json({ starts: ++starts });
    const served = await mount.serve(work, { runs: openRuns(), isUnparsed: true });
    const { body: _, ...question } = post();
    const { 'content-type': __, ...headers } = question.headers ?? {};
    for (let i = 0; i < 2; i += 1) {
      expect((await ask(served, { ...question, headers })).body).toBe('{"starts":1}');
    }
    const unread = post({ 'idempotency-key': OTHER_KEY }, 'x'.repeat(100_000));
    for (let i = 0; i < 2; i += 1) {
      expect((await ask(served, unread)).body).toBe('{"starts":2}');
    }
  });

  test('a body beyond the bound is refused, and the connection goes on', async () => {
    let starts = 0;
    const work: Work = async (voice) => {
      starts += 1;
      return echo(voice);
    };
    const runs = openRuns({ maxBodyBytes: 50_000 });
    const served = await mount.serve(work, { runs, isUnparsed: true });
    const type = { 'content-type': 'text/x-own' };
    const refused = await ask(served, post(type, 'x'.repeat(200_000)));
    expect(refused).toMatchObject({ status: 413, ended: 'complete' });
    expect(JSON.parse(refused.body)).toMatchObject({ code: 'body_too_large' });
    expect(starts).toBe(0);
    if (mount.transport !== 'HTTP/1.1') return;
    const client = await served.connect();
    const pieces = `${'8000'}\r\n${'x'.repeat(0x8000)}\r\n`.repeat(6);
    const chunked = { ...post(type).headers, 'Transfer-Encoding': 'chunked' };
    const uploads = [
      requestText(post(type, 'x'.repeat(200_000))),
      `${requestText({ method: 'POST', path: '/work', headers: chunked })}${pieces}0\r\n\r\n`,
    ];
    for (const upload of uploads) {
      const before = client.received.length;
      client.send(upload);
      const rest = (): string => client.received.subarray(before).toString();
      await until('it is refused', () => rest().includes('body_too_large'));
      expect(rest()).toMatch(/^HTTP\/1\.1 413 /);
    }
    client.send(requestText(post({ ...type, 'idempotency-key': `"${KEY}"` }, 'small')));
    await until('the next is answered', () => client.text.includes('"text":"small"'));
    expect(starts).toBe(1);
  });

  test('a body whose work fails behind its head is cut, so that nobody takes it for whole', async () => {
    quietConsole();
    const served = await mount.serve(
      (voice) => {
        const res = voice.raw();
        res.setHeader('Content-Type', 'text/plain');
        res.write('half');
        setTimeout(() => res.destroy(), 100);
      },
      { runs: openRuns() },
    );
    const first = await ask(served, post());
    expect(first).toMatchObject({ status: 200, body: 'half', ended: 'cut' });
    expect((await ask(served, post())).status).toBe(500);
  });

  test('a handler that does not wait fills the log’s bound and no more, while the store is away', async () => {
    quietConsole();
    const back = gate();
    const store = createMemoryStore();
    const append = store.append.bind(store);
    store.append = (request) => back.opened.then(() => append(request));
    const maxLogBytes = 500_000;
    const runs = openRuns({ store, maxLogBytes, windowBytes: 20_000 });
    let written = 0;
    let mostWaiting = 0;
    let reason: unknown;
    const work: Work = async (voice) => {
      const res = voice.raw();
      const { signal } = voice.hold ?? {};
      signal?.addEventListener('abort', () => {
        reason = signal.reason;
        mostWaiting = Math.max(mostWaiting, written);
      });
      res.setHeader('Content-Type', 'text/plain');
      for (; written < 3_000_000; written += 10_000) {
        res.write('x'.repeat(10_000));
        if (signal?.aborted === true) mostWaiting = Math.max(mostWaiting, res.writableLength);
        await new Promise((resolve) => setImmediate(resolve));
      }
      res.end();
    };
    const served = await mount.serve(work, { runs });
    const reply = ask(served, post());
    await until('it has written all', () => written === 3_000_000);
    expect(reason).toMatchObject({ code: 'log_full' });
    expect(mostWaiting).toBeLessThan(2 * maxLogBytes);
    back.open();
    const { ended, status } = await reply;
    // Its head may have left before it failed.
    if (ended === 'complete') expect(status).toBeGreaterThanOrEqual(500);
    const again = await ask(served, post());
    expect(JSON.parse(again.body)).toMatchObject({ code: 'log_full' });
  });

  test('what the handler writes in many pieces is one answer', async () => {
    const work: Work = (voice) => {
      const res = voice.raw();
      res.setHeader('Content-Type', 'application/json');
      res.writeHead(201, { 'Content-Language': 'en' });
      res.write('[', 'utf8');
      for (let n = 0; n < 2_000; n += 1) res.write(Buffer.from(`"${'x'.repeat(100)}",`));
      res.write('');
      res.end('0]', 'latin1', () => {});
    };
    const served = await mount.serve(work, { runs: openRuns() });
    const first = await ask(served, post());
    expect(first).toMatchObject({ status: 201, headers: { 'content-language': 'en' } });
    expect(JSON.parse(first.body)).toHaveLength(2_001);
    expect(repeatable(await ask(served, post()))).toEqual(repeatable(first));
  });
}
