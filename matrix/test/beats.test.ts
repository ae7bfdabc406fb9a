import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { describeBeats } from '../src/probe/beats.js';
import { fetchedAsUsual } from '../src/probe/fetched.js';
import { INTERVAL_MS } from '../src/server/cases.js';
import { PLAYS } from '../src/server/play.js';
import { WIRES } from '../src/server/wire.js';
import { bad, good } from '../src/table.js';

const SENT_MS = [1, 2, 3, 4, 5, 6].map((count) => count * INTERVAL_MS);
const SILENT_MS = 6 * INTERVAL_MS;
const arrivals = SENT_MS.map((atMs) => ({ atMs, text: '\n' }));

test('beats that stopped, or of which some were lost, do not count as one by one', () => {
  expect(describeBeats({ arrivals }, SENT_MS, 'json', SILENT_MS)).toEqual(good('one by one'));
  const first = { arrivals: arrivals.slice(0, 1) };
  expect(describeBeats(first, SENT_MS, 'json', SILENT_MS)).toEqual(bad('1 of 6 arrived'));
  expect(describeBeats(first, SENT_MS.slice(0, 1), 'json', SILENT_MS)).toEqual(bad('1 in 3.0 s'));
});

test('a client that had to give up was not told of a failure', async () => {
  const server = createServer((_req, res) => res.writeHead(200).write('{"error":'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const over = { httpVersion: '1.1', requests: 1, beatsMs: [], leftMs: undefined, isOver: true };
  const front = { origin: url, seen: async () => over };
  expect(await fetchedAsUsual({ url, id: '', front, limitMs: 200 }, 'json')).toEqual(
    bad('nothing ends it'),
  );
  server.closeAllConnections();
  server.close();
});

test.each(['json', 'events'] as const)(
  'the handler of %s falls silent in the midst of a token, so that a beat there would show',
  async (name) => {
    const { body } = await PLAYS[name]({ wire: WIRES.plain, workMs: 0, request: undefined });
    if (typeof body === 'string') throw new Error('it was given at once');
    let silentMs = 0;
    let last = { piece: '', atMs: 0 };
    for await (const piece of body) {
      const atMs = performance.now();
      if (/(he|l)$/.test(last.piece)) silentMs = atMs - last.atMs;
      last = { piece, atMs };
    }
    expect(silentMs).toBeGreaterThan(INTERVAL_MS);
  },
);
