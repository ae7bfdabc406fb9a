import { Buffer } from 'node:buffer';
import { createParser } from 'eventsource-parser';
import { describe, expect, test } from 'vitest';
import { ask } from './support/ask.js';
import { serveHeld } from './support/serve.js';
import { quiet } from './support/wait.js';
import { warnings } from './support/warnings.js';

/** Longer than two beats of QUICK. */
const GAP_MS = 170;

type Piece = string | Uint8Array;

async function stream(
  pieces: readonly Piece[],
  transport: 'HTTP/1.1' | 'HTTP/1.0' | 'h2c',
): Promise<string> {
  const served = await serveHeld(
    async (_req, res) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
      for (const piece of pieces) {
        res.write(piece);
        await quiet(GAP_MS);
      }
      res.end();
    },
    {},
    transport,
  );
  const reply = await ask(served);
  expect(reply.ended).not.toBe('cut');
  expect(reply.headers).not.toHaveProperty('holdopen');
  return reply.bytes.toString('latin1');
}

/** Body as one character a byte. */
function events(body: string): unknown[] {
  const seen: unknown[] = [];
  const parser = createParser({ onEvent: (event) => seen.push(event) });
  // As a client does, which takes the byte order mark away.
  parser.feed(new TextDecoder().decode(Buffer.from(body, 'latin1')));
  return seen;
}

const join = (pieces: readonly Piece[]): string =>
  Buffer.concat(pieces.map((piece) => Buffer.from(piece))).toString('latin1');

const ANNOUNCEMENT = ': holdopen interval=60\n\n';
const FRAME = ': keepalive\n\n';

interface Shape {
  readonly title: string;
  readonly pieces: readonly Piece[];
  /** What stands in the gap behind each piece: a whole beat, a bare comment, nothing. */
  readonly gaps: readonly ('whole' | 'bare' | 'none')[];
}

const SHAPES: Shape[] = [
  {
    title: 'between events',
    pieces: ['data: 1\n\n', 'data: 2\n\n'],
    gaps: ['whole', 'whole'],
  },
  {
    title: 'in the middle of an event',
    pieces: ['event: a\n', 'data: 1\n', '\n'],
    gaps: ['bare', 'bare', 'whole'],
  },
  {
    title: 'in the middle of a line',
    pieces: ['da', 'ta: on', 'e\n', '\n'],
    gaps: ['none', 'none', 'bare', 'whole'],
  },
  {
    title: 'after a lone CR, whose LF may follow',
    pieces: ['data: 1\r', '\ndata: 2\r', '\n\r', '\n'],
    gaps: ['none', 'none', 'none', 'whole'],
  },
  {
    title: 'in a stream of CRs',
    pieces: ['data: 1\r\r', 'data: 2\r\r'],
    gaps: ['none', 'none'],
  },
  {
    title: 'after a byte order mark',
    pieces: ['\ufeff', 'data: 1\n\n'],
    gaps: ['whole', 'whole'],
  },
  {
    title: 'inside a byte order mark',
    pieces: [Uint8Array.of(0xef), Uint8Array.of(0xbb, 0xbf), 'data: 1\n\n'],
    gaps: ['none', 'whole', 'whole'],
  },
  {
    title: 'inside a character',
    pieces: [Buffer.from('data: ☃').subarray(0, 7), Buffer.from('☃').subarray(1), '\n\n'],
    gaps: ['none', 'none', 'whole'],
  },
  {
    title: 'after comments, ids and retries',
    pieces: [': hello\n', 'id: 5\nretry: 10\n', 'data: a\ndata: b\n\n'],
    gaps: ['bare', 'bare', 'whole'],
  },
];

/** The pieces in their order, with the beats that may stand between them. */
function expected(pieces: readonly Piece[], gaps: readonly Shape['gaps'][number][]): RegExp {
  let pattern = '';
  let announced = false;
  for (const [i, piece] of pieces.entries()) {
    pattern += join([piece]).replace(/[^\w]/g, '\\$&');
    if (gaps[i] === 'bare') pattern += '(:\n)+';
    if (gaps[i] === 'whole') {
      pattern += announced ? `(${FRAME})+` : `${ANNOUNCEMENT}(${FRAME})*`;
      announced = true;
    }
  }
  return new RegExp(`^${pattern}$`);
}

describe.each(SHAPES)('a gap $title', ({ pieces, gaps }) => {
  test.each(['HTTP/1.1', 'h2c'] as const)(
    'gets only beats that are harmless there, over %s',
    async (transport) => {
      const body = await stream(pieces, transport);
      expect(body).toMatch(expected(pieces, gaps));
      const plain = join(pieces);
      expect(events(body)).toEqual(events(plain));
    },
  );
});

test('a stream that is silent before its first byte gets its beats at once, and keeps its mark', async () => {
  const served = await serveHeld(async (_req, res) => {
    res.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
    res.flushHeaders();
    await quiet(GAP_MS);
    res.end('data: 1\n\n');
  });
  const { body } = await ask(served);
  expect(body).toMatch(/^: holdopen interval=60\n\n(: keepalive\n\n)*data: 1\n\n$/);
});

test('a head that was made and has not left goes out before the first beat', async () => {
  const served = await serveHeld(async (_req, res) => {
    res.writeHead(201, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
    await quiet(GAP_MS);
    res.end('data: 1\n\n');
  });
  const { status, body } = await ask(served);
  expect(status).toBe(201);
  expect(body).toMatch(/^: holdopen interval=60\n\n(: keepalive\n\n)*data: 1\n\n$/);
});

test('a byte order mark behind beats is swallowed', async () => {
  const served = await serveHeld(async (_req, res) => {
    res.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
    res.flushHeaders();
    await quiet(GAP_MS);
    res.end('\ufeffdata: 1\n\n');
  });
  const body = (await ask(served)).bytes.toString('latin1');
  expect(body).toContain(ANNOUNCEMENT);
  expect(events(body)).toMatchObject([{ data: '1' }]);
});

test('the head stays the handler’s own', async () => {
  const served = await serveHeld(async (_req, res) => {
    res.writeHead(201, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'max-age=1' });
    res.write('data: 1\n\n');
    await quiet(GAP_MS);
    res.end();
  });
  const reply = await ask(served, { path: '/own' });
  expect(reply.status).toBe(201);
  expect(reply.headers).toMatchObject({ 'cache-control': 'max-age=1' });
  expect(reply.headers).not.toHaveProperty('x-accel-buffering');
});

test('a missing X-Accel-Buffering is warned of once for the route', async () => {
  const warned = warnings('HOLDOPEN_BUFFERED');
  const served = await serveHeld(async (req, res) => {
    if (req.url === '/set') res.setHeader('X-Accel-Buffering', 'no');
    res.writeHead(200, { 'Content-Type': 'text/event-stream' });
    res.write('data: 1\n\n');
    await quiet(GAP_MS);
    res.end();
  });
  await ask(served, { path: '/set' });
  await ask(served, { path: '/unset' });
  await ask(served, { path: '/unset' });
  await quiet(10);
  expect(warned.map(({ message }) => message)).toEqual([expect.stringContaining('GET /unset')]);
});

test.each([
  [': ping\n\n', ': ping\n\n'],
  ['event: ping\ndata: {}\n\n', 'event: ping\ndata: {}\n\n'],
])('the option frame %j is the beat', async (frame, beat) => {
  const served = await serveHeld(
    async (_req, res) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
      res.write('data: 1\n\n');
      await quiet(GAP_MS * 2);
      res.end();
    },
    { frame },
  );
  expect((await ask(served)).body).toContain(`${ANNOUNCEMENT}${beat}`);
});

test('padding stands in every beat but the first', async () => {
  const served = await serveHeld(
    async (_req, res) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
      res.write('data: 1\n\n');
      await quiet(GAP_MS * 2);
      res.end();
    },
    { pad: 100 },
  );
  const { body } = await ask(served);
  expect(body).toContain(`data: 1\n\n${ANNOUNCEMENT}:${' '.repeat(100)}\n${FRAME}`);
  expect(events(body)).toMatchObject([{ data: '1' }]);
});

test('a stream that never pauses gets no beat', async () => {
  const served = await serveHeld(
    async (_req, res) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream' });
      for (let i = 0; i < 60; i++) {
        res.write(`data: ${i}\n\n`);
        await quiet(5);
      }
      res.end();
    },
    { intervalMs: 250 },
  );
  const { body } = await ask(served);
  expect(body).toBe(Array.from({ length: 60 }, (_, i) => `data: ${i}\n\n`).join(''));
});

test('a stream whose handler fails between events ends with an error event and a long retry', async () => {
  const served = await serveHeld(
    async (_req, res) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
      res.write('data: 1\n\n');
      await quiet(GAP_MS);
      throw new Error('late');
    },
    { onLateOutcome() {} },
  );
  const reply = await ask(served);
  expect(reply.ended).toBe('complete');
  const [, failure] = events(reply.body);
  expect(failure).toMatchObject({ event: 'error' });
  expect(reply.body).toMatch(/: holdopen status=500\n\nevent: error\nretry: 86400000\ndata: \{/);
});

test('a stream whose handler fails inside an event is cut', async () => {
  const served = await serveHeld(
    async (_req, res) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
      res.write('data: 1\n\n');
      await quiet(GAP_MS);
      res.write('data: 2\n');
      throw new Error('late');
    },
    { onLateOutcome() {} },
  );
  const reply = await ask(served);
  expect(reply.ended).toBe('cut');
  expect(reply.body.endsWith('data: 2\n')).toBe(true);
});
