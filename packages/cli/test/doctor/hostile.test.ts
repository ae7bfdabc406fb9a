import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { jsonReport } from '../../src/doctor/json-report.js';
import { close } from './support/listen.js';
import { codes, drawn, look, said } from './support/look.js';
import { chunk, head, type RawServer, startRaw } from './support/raw-server.js';

const started: RawServer[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map(({ server }) => close(server)));
});

async function ask(answer: (socket: Socket) => unknown, maxWaitMs = 5_000) {
  const raw = await startRaw(answer);
  started.push(raw);
  return look(`http://127.0.0.1:${raw.port}/`, { maxWaitMs });
}

const OK = ['HTTP/1.1 200 OK', 'Content-Type: application/json', 'Transfer-Encoding: chunked'];

/** By a terminal, but for the line feed. */
function isObeyed(character: string): boolean {
  const code = character.charCodeAt(0);
  return (code < 0x20 && character !== '\n') || (code >= 0x7f && code < 0xa0) || code === 0x202e;
}

describe('what is no answer', () => {
  test('bytes that are no HTTP are shown, and no terminal obeys them', async () => {
    const diagnosis = await ask((socket) =>
      socket.end('\x1b[2J\x1b]0;owned\x07 220 mail ready\r\n'),
    );
    expect(codes(diagnosis, 'problem')).toEqual(['no-http']);
    expect(said(diagnosis, 'no-http')).toContain('220 mail ready');
    expect(drawn(diagnosis)).toContain('\\x1b[2J');
    expect(drawn(diagnosis)).not.toContain('\x1b');
  });

  test('a server of another protocol that speaks first is named', async () => {
    const diagnosis = await ask((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
    expect(said(diagnosis, 'no-http')).toContain('SSH');
  });

  test('an endless head is given up', async () => {
    const diagnosis = await ask(async (socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      while (!socket.destroyed && socket.write(`X-More: ${'x'.repeat(1_000)}\r\n`)) await delay(0);
    });
    expect(codes(diagnosis, 'problem')).toEqual(['endless-head']);
  });

  test('a head that comes drop by drop is waited for until the limit', async () => {
    const diagnosis = await ask(async (socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      while (!socket.destroyed) {
        socket.write('X: y\r\n');
        await delay(50);
      }
    }, 400);
    expect(codes(diagnosis, 'problem')).toEqual(['silent']);
    expect(diagnosis.facts.observation.ending).toEqual({ how: 'stopped', why: 'max-wait' });
    expect(drawn(diagnosis)).toContain('the first byte');
  });

  test('silence is waited for until the limit', async () => {
    const diagnosis = await ask(() => {}, 300);
    expect(codes(diagnosis, 'problem')).toEqual(['silent']);
    expect(diagnosis.verdict.isWell).toBe(false);
  });

  test('a connection that is closed at once', async () => {
    const diagnosis = await ask((socket) => socket.end());
    expect(codes(diagnosis, 'problem')).toEqual(['closed']);
  });

  test('a reset in the middle of the head', async () => {
    const diagnosis = await ask((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-', () => {
        setTimeout(() => socket.resetAndDestroy(), 50);
      });
    });
    expect(codes(diagnosis, 'problem')).toEqual(['head-cut']);
  });

  test.each([
    ['a space in a name', 'Bad Name: x'],
    ['a lone line feed in a value', 'X: a\nContent-Length: 5'],
    ['a NUL in a value', 'X: a\0b'],
    ['two lengths', 'Content-Length: 5\r\nContent-Length: 6'],
    ['a length beside chunks', 'Content-Length: 5\r\nTransfer-Encoding: chunked'],
  ])('a head with %s is not taken', async (_name, line) => {
    const diagnosis = await ask((socket) =>
      socket.end(head('HTTP/1.1 200 OK', line) + chunk('{}')),
    );
    expect(codes(diagnosis, 'problem')).toEqual(['invalid-head']);
  });
});

describe('what is no good answer', () => {
  test('control characters in a head reach no terminal, neither drawn nor as JSON', async () => {
    const nasty = `a\x9b31m${Buffer.from('\u202e').toString('latin1')}b`;
    const diagnosis = await ask((socket) =>
      socket.end(
        Buffer.from(
          head('HTTP/1.1 404 No\x9bway', `Server: ${nasty}`, 'Content-Length: 0'),
          'latin1',
        ),
      ),
    );
    expect(codes(diagnosis, 'problem')).toEqual(['error-status']);
    for (const text of [drawn(diagnosis), jsonReport(diagnosis)]) {
      expect([...text].filter(isObeyed)).toEqual([]);
    }
    expect(JSON.parse(jsonReport(diagnosis)).head.reason).toBe('No\x9bway');
  });

  test('chunks whose framing breaks are a cut', async () => {
    const diagnosis = await ask((socket) => socket.end(`${head(...OK)}${chunk('{"a":1')}zz\r\n`));
    expect(codes(diagnosis, 'problem')).toEqual(['cut']);
    expect(said(diagnosis, 'cut')).toContain('framing');
  });

  test('a body that is not what its coding says', async () => {
    const diagnosis = await ask((socket) =>
      socket.end(`${head(...OK, 'Content-Encoding: gzip')}${chunk('no gzip at all')}0\r\n\r\n`),
    );
    expect(codes(diagnosis, 'problem')).toContain('undecodable');
  });

  test.each(['', 'Identity'])('a coding of "%s" is none', async (coding) => {
    const lines = [...OK, 'HoldOpen: interval=200', `Content-Encoding: ${coding}`];
    const diagnosis = await ask(async (socket) => {
      socket.write(head(...lines));
      for (const text of ['\n', '\n', '\n', '{}']) {
        socket.write(chunk(text));
        await delay(200);
      }
      socket.end('0\r\n\r\n');
    });
    expect(diagnosis.facts.rhythm).toMatchObject({ beats: 3, arrival: 'one-by-one' });
    expect(codes(diagnosis)).not.toContain('compressed');
  });

  test.each([
    ['HoldOpen: interval=200, format=dots', 'format'],
    ['HoldOpen: interval=200, format=json\r\nContent-Encoding: zstd', 'zstd'],
  ])('beats that cannot be read are not said to be missing: %j', async (line, says) => {
    const diagnosis = await ask((socket) =>
      socket.end(`${head(...OK, line)}${chunk('....{}')}0\r\n\r\n`),
    );
    expect(codes(diagnosis, 'problem')).toEqual([]);
    expect(said(diagnosis, 'beats-unreadable')).toContain(says);
    expect(codes(diagnosis)).not.toContain('too-few-beats');
    expect(diagnosis.verdict.sentence).toContain('cannot be told');
  });

  test('a flood of interim answers is counted, and in the order of time', async () => {
    const diagnosis = await ask(async (socket) => {
      socket.write('HTTP/1.1 102 Processing\r\n\r\n'.repeat(503));
      await delay(150);
      socket.end(`${head(...OK)}${chunk('{}')}0\r\n\r\n`);
    });
    expect(drawn(diagnosis)).toContain('500 more interim answers');
    expect(drawn(diagnosis)).not.toContain('the first byte');
    expect(diagnosis.facts.observation.interim.length).toBe(100);
  });

  test('beats in a flood are kept back for no longer than it took', async () => {
    const diagnosis = await ask(async (socket) => {
      socket.write(head(...OK, 'HoldOpen: interval=300, format=json'));
      for (let at = 0; at < 3; at += 1) {
        socket.write(chunk('\n'.repeat(1_000)));
        await delay(300);
      }
      socket.end(`${chunk('{}')}0\r\n\r\n`);
    });
    const { rhythm, observation } = diagnosis.facts;
    expect(rhythm.keptBackMs).toBeLessThanOrEqual(observation.endMs);
  });

  test.each([
    ['of an endless string', 'application/json', `"${'x'.repeat(65_535)}`],
    ['of beats', 'application/json', '\n'.repeat(65_536)],
    ['of an endless line', 'text/event-stream', 'x'.repeat(65_536)],
    ['of records', 'application/x-ndjson', '{"a":1}\n'.repeat(8_192)],
  ])('a huge body %s takes no memory', async (_name, type, piece) => {
    const pieces = 640;
    const before = process.memoryUsage();
    const diagnosis = await ask(async (socket) => {
      socket.write(head('HTTP/1.1 200 OK', `Content-Type: ${type}`, 'Transfer-Encoding: chunked'));
      const bytes = chunk(piece);
      for (let at = 0; at < pieces && !socket.destroyed; at += 1) {
        if (!socket.write(bytes)) await new Promise((resolve) => socket.once('drain', resolve));
      }
      socket.end('0\r\n\r\n');
    }, 20_000);
    const { body } = diagnosis.facts.observation;
    expect(body.bytes).toBe(pieces * 65_536);
    expect(body.arrivals.length).toBeLessThanOrEqual(50_000);
    const grown = process.memoryUsage().heapUsed - before.heapUsed;
    expect(grown).toBeLessThan(pieces * 65_536);
    expect(drawn(diagnosis).length).toBeLessThan(5_000);
  });
});
