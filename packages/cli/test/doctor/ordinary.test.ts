import { createServer, type Server, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { deflateRawSync, deflateSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { close, listen } from './support/listen.js';
import { codes, look } from './support/look.js';

const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map(close));
});

async function answering(type: string, write: (res: ServerResponse) => unknown, coding = '') {
  const server = createServer((_req, res) => {
    res.setHeader('Content-Type', type);
    if (coding !== '') res.setHeader('Content-Encoding', coding);
    void write(res);
  });
  servers.push(server);
  return `http://127.0.0.1:${await listen(server)}/`;
}

describe('what others send has no beats', () => {
  test('if it is JSON behind empty lines, as templates leave them', async () => {
    const url = await answering('application/json', async (res) => {
      await delay(600);
      res.end('\n\n\n{"a":1}');
    });
    const { facts, verdict } = await look(url);
    expect(facts.rhythm.beats).toBe(0);
    expect(verdict.sentence).toContain('An ordinary answer');
  });

  test('if it is indented JSON, written token by token', async () => {
    const tokens = [
      '{',
      '\n',
      '  ',
      '"a"',
      ': ',
      '[',
      '\n',
      '    ',
      '1',
      '\n',
      '  ',
      ']',
      '\n',
      '}',
    ];
    const url = await answering('application/json', async (res) => {
      for (const token of tokens) {
        res.write(token);
        await delay(10);
      }
      res.end();
    });
    const { facts, verdict } = await look(url);
    expect(facts.rhythm.beats).toBe(0);
    expect(verdict.sentence).toContain('An ordinary answer');
  });
});

test('heartbeats of two comments each are no bursts', async () => {
  const url = await answering('text/event-stream', async (res) => {
    for (let beat = 0; beat < 4; beat += 1) {
      res.write(': ping\n: 2026-11-22T00:00:00Z\n\n');
      await delay(500);
    }
    res.end('data: [DONE]\n\n');
  });
  const diagnosis = await look(url);
  expect(diagnosis.facts.rhythm).toMatchObject({ beats: 4, arrival: 'one-by-one' });
  expect(codes(diagnosis, 'problem')).toEqual([]);
});

test.each([
  ['with the head of zlib', deflateSync],
  ['without, as browsers take it, too', deflateRawSync],
])('deflate %s is read', async (_name, compress) => {
  const url = await answering('application/json', (res) => res.end(compress('{"a":1}')), 'deflate');
  const diagnosis = await look(url);
  expect(codes(diagnosis, 'problem')).toEqual([]);
  expect(diagnosis.facts.observation.body).toMatchObject({ state: 'whole', bytes: 7 });
});
