import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import {
  ask,
  gate,
  type Mount,
  openRuns,
  post,
  requestText,
  until,
  type Work,
} from '../support/index.js';

/** Middleware that takes part in a body and leaves it to the handler. What it heard is text. */
type Listener = (req: IncomingMessage, hear: (piece: unknown) => void) => void;

const LISTENERS: Readonly<Record<string, Listener>> = {
  'counts what comes in': (req, hear) => void req.on('data', hear),
  'keeps the text': (req, hear) => void req.setEncoding('utf8').on('data', hear),
  'makes a copy': (req, hear) => void req.pipe(new PassThrough()).on('data', hear),
  'makes a copy slowly': (req, hear) => {
    const copy = req.pipe(new PassThrough({ highWaterMark: 1_000 }));
    setTimeout(() => copy.on('data', hear), 50);
  },
  'reads when it is told to': (req, hear) => {
    req.on('readable', () => {
      for (let piece = req.read(); piece !== null; piece = req.read()) hear(piece);
    });
  },
  'listens and stops it for the time being': (req, hear) => void req.on('data', hear).pause(),
};

/** They hear nothing. */
const PREPARATIONS: Readonly<Record<string, Listener>> = {
  'sets an encoding': (req) => void req.setEncoding('utf8'),
  'waits to be told that it may read': (req) => void req.on('readable', () => {}),
  'stops it': (req) => void req.pause(),
  'lets it go': (req) => void req.resume(),
};

/** What a body meets that stood there before holdOpen. */
export function readers(mount: Mount): void {
  /** Characters of three bytes, so that some are torn. */
  const LARGE = '…1'.repeat(75_000);
  const type = { 'content-type': 'text/x-own' };

  const byLoop: Work = async (voice) => voice.json({ text: await voice.text() });
  const byListeners: Work = (voice) =>
    new Promise((resolve) => {
      let text = '';
      const { req } = voice;
      req.setEncoding('utf8');
      req.on('data', (piece) => {
        text += piece;
      });
      req.on('end', () => resolve(voice.json({ text })));
      req.resume();
    });

  interface Behind {
    readonly work?: Work;
    readonly authorize?: () => Promise<string>;
  }

  async function serveBehind(listener: Listener, { work = byLoop, ...options }: Behind = {}) {
    const heard: string[] = [];
    let starts = 0;
    const served = await mount.serve(
      (voice) => {
        starts += 1;
        return work(voice);
      },
      {
        runs: openRuns(options),
        isUnparsed: true,
        before: (req) => {
          const at = heard.push('') - 1;
          const pieces: Buffer[] = [];
          listener(req, (piece) => {
            pieces.push(Buffer.from(piece as Buffer));
            heard[at] = Buffer.concat(pieces).toString();
          });
          return undefined;
        },
      },
    );
    return { served, heard, starts: () => starts };
  }

  test.each(Object.entries(LISTENERS))(
    'the work gets all of its body behind middleware that %s, which gets it as well',
    async (_name, listener) => {
      for (const work of [byLoop, byListeners]) {
        const { served, heard, starts } = await serveBehind(listener, { work });
        for (const text of ['small', LARGE]) {
          const question = post({ ...type, 'idempotency-key': `a-key-for-${text.length}` }, text);
          heard.splice(0);
          const first = await ask(served, question);
          expect(JSON.parse(first.body)).toEqual({ text });
          expect((await ask(served, question)).body).toBe(first.body);
          expect((await ask(served, { ...question, body: `${text}!` })).status).toBe(422);
          await until('middleware has heard all', () => heard[2] === `${text}!`);
          expect(heard.slice(0, 2)).toEqual([text, text]);
        }
        expect(starts()).toBe(2);
      }
    },
  );

  test.each(Object.entries(PREPARATIONS))(
    'the work gets all of its body behind middleware that %s',
    async (name, listener) => {
      const { served, starts } = await serveBehind(listener);
      // Node itself does not go on after that, whoever reads.
      if (name === 'stops it' && mount.transport === 'h2c') return;
      for (const text of ['small', LARGE]) {
        const question = post({ ...type, 'idempotency-key': `a-key-for-${text.length}` }, text);
        const first = await ask(served, question);
        expect(JSON.parse(first.body)).toEqual({ text });
        expect((await ask(served, { ...question, body: `${text}!` })).status).toBe(422);
      }
      expect(starts()).toBe(2);
    },
  );

  test('a body that others have read while it was asked who may is the work’s all the same', async () => {
    let isHeard = (): boolean => false;
    const authorize = async (): Promise<string> => {
      await until('middleware has heard all', isHeard);
      return 'ann';
    };
    const behind = await serveBehind((req, hear) => void req.on('data', hear), { authorize });
    const { served, heard, starts } = behind;
    for (const text of ['small', LARGE]) {
      isHeard = () => heard.at(-1)?.length === text.length;
      const question = post({ ...type, 'idempotency-key': `a-key-for-${text.length}` }, text);
      const first = await ask(served, question);
      expect(JSON.parse(first.body)).toEqual({ text });
      const other = { ...question, body: text.replace('s', 'S').replace('…', '_') };
      expect((await ask(served, other)).status).toBe(422);
    }
    expect(starts()).toBe(2);
  });

  test.each(Object.entries(LISTENERS).filter(([name]) => !/stops|slowly/.test(name)))(
    'a large body waits until it is known who may, before middleware that %s',
    async (_name, listener) => {
      const may = gate();
      const authorize = () => may.opened.then(() => 'ann');
      let length = 0;
      const { served } = await serveBehind(
        (req) => {
          listener(req, (piece) => {
            length += (piece as Buffer).length;
          });
        },
        { authorize },
      );
      const body = 'x'.repeat(4_000_000);
      const reply = ask(served, post(type, body));
      await until('much of it has come in', () => length > 1_000_000);
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(length).toBeLessThan(2_000_000);
      may.open();
      const { text } = JSON.parse((await reply).body) as { text: string };
      expect(text.length).toBe(body.length);
      expect(length).toBe(body.length);
    },
  );

  test('what has come in while a login was waited for is the work’s, also as text', async () => {
    let bytes = 0;
    const served = await mount.serve(byLoop, {
      runs: openRuns(),
      isUnparsed: true,
      before: async (req) => {
        req.setEncoding('utf8');
        // Over HTTP/2 nothing comes in that nobody asks for.
        req.read(0);
        await until('some of it has come in', () => req.readableLength > 0);
        bytes = req.readableLength;
      },
    });
    const first = await ask(served, post(type, LARGE));
    expect(JSON.parse(first.body)).toEqual({ text: LARGE });
    expect(bytes).toBeGreaterThan(0);
    expect((await ask(served, post(type, `${LARGE}!`))).status).toBe(422);
    expect((await ask(served, post(type, LARGE))).body).toBe(first.body);
  });

  test.each([
    ['all', (req: IncomingMessage) => once(req.resume(), 'end')],
    ['some', (req: IncomingMessage) => once(req, 'data').then(() => req.pause())],
  ])('where %s of a body is gone, the work is not begun', async (_amount, take) => {
    let starts = 0;
    const served = await mount.serve(
      (voice) => {
        starts += 1;
        return voice.empty(204);
      },
      {
        runs: openRuns(),
        isUnparsed: true,
        before: async (req) => void (await take(req)),
      },
    );
    const reply = await ask(served, post(type, LARGE));
    expect(reply.status).not.toBe(204);
    expect(starts).toBe(0);
  });

  test('an upload in pieces, and one that waits to be let in, come to both', async () => {
    const { served, heard } = await serveBehind((req, hear) => void req.on('data', hear));
    if (mount.transport !== 'HTTP/1.1') return;
    const client = await served.connect();
    const chunked = { ...post(type).headers, 'Transfer-Encoding': 'chunked' };
    client.send(requestText({ method: 'POST', path: '/work', headers: chunked }));
    for (const piece of ['one,', 'two,', 'three']) {
      client.send(`${piece.length.toString(16)}\r\n${piece}\r\n`);
      await until('it is heard', () => heard[0]?.endsWith(piece) === true);
    }
    client.send('0\r\n\r\n');
    expect(JSON.parse((await client.response()).body)).toEqual({ text: 'one,two,three' });
    const waiting = await served.connect();
    const { body, ...question } = post(
      { ...type, 'idempotency-key': 'another', Expect: '100-continue' },
      'held',
    );
    const length = { 'Content-Length': String(body?.length) };
    waiting.send(requestText({ ...question, headers: { ...question.headers, ...length } }));
    await until('it is let in', () => waiting.text.includes('100 Continue'));
    waiting.send('held');
    await until('it is answered', () => waiting.text.includes('{"text":"held"}'));
    expect(heard).toEqual(['one,two,three', 'held']);
  });
}
