// Random handlers over real sockets: whatever they stream, with whatever gaps, the client reads what
// was meant, and a handler that fails under a held head leaves nothing that parses.
import { Buffer } from 'node:buffer';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { createParser } from 'eventsource-parser';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { holdOpen } from '../../src/index.js';

const ROUNDS = 6;
const AT_ONCE = 50;
const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);

interface Script {
  readonly type: string;
  readonly text: string;
  readonly pieces: readonly Buffer[];
  /** Before each piece, in milliseconds. */
  readonly gaps: readonly number[];
  readonly fails: boolean;
  /** The last piece is handed to `end`. */
  readonly endsWithPiece: boolean;
}

interface Received {
  readonly body: Buffer;
  readonly whole: boolean;
}

const scripts = new Map<string, Script>();
let http1: http.Server;
let h2: http2.Http2Server;
let client: http2.ClientHttp2Session;

const handler = holdOpen(
  async (req: IncomingMessage, res: ServerResponse) => {
    const script = scripts.get(req.url ?? '') as Script;
    const { pieces, gaps, fails, endsWithPiece } = script;
    await delay(gaps[0] ?? 0);
    // A rejection before the first beat is the handler's own affair, so these wait for it.
    while (fails && req.holdOpen?.state === 'waiting') await delay(10);
    res.setHeader('Content-Type', script.type);
    res.setHeader('X-Accel-Buffering', 'no');
    const written = endsWithPiece && !fails ? pieces.slice(0, -1) : pieces;
    for (const [index, piece] of written.entries()) {
      res.write(piece);
      const gap = gaps[index + 1] ?? 0;
      if (gap > 0) await delay(gap);
    }
    if (fails) throw Object.assign(new Error('as the script says'), { status: 418 });
    if (endsWithPiece) res.end(pieces.at(-1));
    else res.end();
  },
  { intervalMs: 50, firstBeatMs: 30, onLateOutcome: () => {} },
);

beforeAll(async () => {
  vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  http1 = http.createServer(handler);
  h2 = http2.createServer(handler as unknown as Parameters<typeof http2.createServer>[1]);
  await new Promise<void>((resolve) => http1.listen(0, '127.0.0.1', resolve));
  await new Promise<void>((resolve) => h2.listen(0, '127.0.0.1', resolve));
  client = http2.connect(`http://127.0.0.1:${(h2.address() as AddressInfo).port}`);
});

afterAll(() => {
  client.close();
  http1.close();
  h2.close();
});

test(`${ROUNDS * AT_ONCE} random handlers keep what they meant (SEED=${SEED})`, async () => {
  const random = mulberry32(SEED);
  for (let round = 0; round < ROUNDS; round++) {
    const paths = Array.from({ length: AT_ONCE }, (_, index) => `/${round}-${index}`);
    for (const path of paths) scripts.set(path, randomScript(random));
    await Promise.all(
      paths.map(async (path, index) => {
        const received = await (index % 2 === 0 ? overHttp1(path) : overHttp2(path));
        check(scripts.get(path) as Script, received);
      }),
    );
  }
}, 60_000);

function check(script: Script, received: Received): void {
  const body = new TextDecoder().decode(received.body);
  const shown = JSON.stringify({ sent: script.text, got: body });
  if (script.fails) {
    const looksWell = script.type === 'application/json' && (parses(body) || received.whole);
    expect(looksWell, `a failure looks like success: ${shown}`).toBe(false);
    return;
  }
  expect(received.whole, `not whole: ${shown}`).toBe(true);
  if (script.type === 'application/json') {
    const meant: unknown = JSON.parse(script.text.replace(/^\ufeff/, ''));
    expect(JSON.parse(body), shown).toEqual(meant);
  } else {
    expect(events(body), shown).toEqual(events(new TextDecoder().decode(Buffer.from(script.text))));
  }
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function events(text: string): unknown[] {
  const parsed: unknown[] = [];
  createParser({ onEvent: (event) => parsed.push(event) }).feed(text);
  return parsed;
}

function overHttp1(path: string): Promise<Received> {
  return new Promise((resolve, reject) => {
    const { port } = http1.address() as AddressInfo;
    const request = http.get({ port, path }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', () => {});
      response.on('close', () =>
        resolve({ body: Buffer.concat(chunks), whole: response.complete }),
      );
    });
    request.on('error', reject);
  });
}

function overHttp2(path: string): Promise<Received> {
  return new Promise((resolve) => {
    const stream = client.request({ ':path': path });
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', () => {});
    stream.on('close', () => resolve({ body: Buffer.concat(chunks), whole: stream.rstCode === 0 }));
  });
}

function randomScript(random: () => number): Script {
  const json = random() < 0.6;
  const text = json ? randomJson(random) : randomEvents(random);
  const pieces = split(Buffer.from(text), random);
  return {
    type: json ? 'application/json' : 'text/event-stream',
    text,
    pieces,
    gaps: [0, ...pieces].map((_, index) => {
      if (index === 0) return random() < 0.7 ? Math.floor(random() * 120) : 0;
      return random() < 0.15 ? 20 + Math.floor(random() * 90) : 0;
    }),
    fails: random() < 0.25,
    endsWithPiece: random() < 0.5,
  };
}

function pick<Item>(random: () => number, items: readonly Item[]): Item {
  return items[Math.floor(random() * items.length)] as Item;
}

function randomJson(random: () => number): string {
  const nested = { a: [1, -2.5e3, { b: 'é"\\\n\u{1f600}'.repeat(2) }], c: null, d: true };
  const value = pick(random, [nested, [nested, [], {}], 'text"\\ \u{1f600}', 12_345, false, null]);
  const start = pick(random, ['', ' \n', '\ufeff']);
  const end = pick(random, ['', '\n', '  \r\n']);
  return start + JSON.stringify(value, null, pick(random, [0, 1, 2])) + end;
}

function randomEvents(random: () => number): string {
  const lineEnd = pick(random, ['\n', '\r', '\r\n']);
  let text = pick(random, ['', '\ufeff']);
  for (let i = 0; i <= random() * 5; i++) {
    if (random() < 0.3) text += `: comment${lineEnd}`;
    if (random() < 0.4) text += `id: ${i}${lineEnd}`;
    if (random() < 0.3) text += `event: tick${lineEnd}`;
    text += `data: é\u{1f600} ${i}${lineEnd}`;
    if (random() < 0.4) text += `data: more${lineEnd}`;
    text += lineEnd;
  }
  return text;
}

function split(bytes: Buffer, random: () => number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + Math.floor(random() * (random() < 0.3 ? 3 : 40));
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

/** A seeded generator, so that a failure can be run again. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
