// The head that is sent in the handler's place, the beats behind it, and the handle.
import type { Note } from '../observed.js';
import type { Group } from '../row.js';
import { beats, gate, header, held, json, note, state, stream, wait } from '../steps.js';
import { heldPayload, isHeld, isUntouched, NOT_FETCH_HEADERS } from './checks.js';

export const heldHead: Group = {
  title: 'The held head and its beats',
  rows: [
    {
      id: 'held-json',
      title: 'a silent handler is held: line feeds, then exactly its payload',
      script: [beats(3), json({ a: 'ü' })],
      check(reply, cell) {
        const { lateHead, payload, beats: count } = heldPayload(reply, cell);
        cell.expect(count).toBeGreaterThanOrEqual(3);
        cell.expect(lateHead).toBeUndefined();
        cell.expect(payload).toBe('{"a":"ü"}');
      },
    },
    {
      id: 'held-head',
      title: 'the held head says what receivers and proxies must know, and no length',
      script: [held, json({})],
      check({ headers }, { expect }) {
        expect(headers).toMatchObject({
          'cache-control': 'no-store, no-transform',
          'x-accel-buffering': 'no',
          holdopen: 'interval=60, format=json',
        });
        expect(headers['content-type']).toMatch(/^application\/json/);
        for (const name of ['content-length', 'etag', 'last-modified', 'accept-ranges']) {
          expect(headers).not.toHaveProperty(name);
        }
      },
    },
    {
      id: 'held-own-headers',
      title: 'headers set before the commit leave with it, but for those of a body that is known',
      script: [
        header('X-App', '1'),
        header('Cache-Control', 'public, max-age=60'),
        header('ETag', '"x"'),
        header('Last-Modified', 'Sat, 21 Nov 2026 00:00:00 GMT'),
        header('Accept-Ranges', 'bytes'),
        header('Content-Digest', 'sha-256=:AAAA:'),
        held,
        json({}),
      ],
      check(reply, cell) {
        const { headers } = reply;
        cell.expect(headers).toMatchObject({
          'x-app': '1',
          'cache-control': 'no-store, no-transform',
          'x-accel-buffering': 'no',
        });
        for (const name of ['etag', 'last-modified', 'accept-ranges', 'content-digest']) {
          cell.expect(headers).not.toHaveProperty(name);
        }
        cell.expect(heldPayload(reply, cell).payload).toBe('{}');
      },
      not: [NOT_FETCH_HEADERS],
    },
    {
      id: 'held-arrives',
      title: 'head and first beat arrive while the handler is still at work',
      script: [gate, json({})],
      async run(cell) {
        const exchange = await cell.open();
        await exchange.arrived('HoldOpen');
        await cell.noted('onBeat');
        await cell.openGate();
        cell.expect(heldPayload(await exchange.reply(), cell).payload).toBe('{}');
      },
    },
    {
      id: 'first-beat-0',
      title: 'firstBeatMs: 0 commits at once',
      options: { firstBeatMs: 0 },
      script: [held, json({})],
      check(reply, cell) {
        cell.expect(heldPayload(reply, cell).payload).toBe('{}');
      },
    },
    {
      id: 'pad',
      title: 'pad adds bytes to every beat but the first',
      options: { pad: 40 },
      script: [beats(3), json({})],
      check(reply, { expect }) {
        expect(reply.body).toMatch(/^\n( {40}\n)+\{\}$/);
      },
    },
    {
      id: 'frame',
      title: 'frame is the beat of an event stream',
      options: { frame: 'event: ping\ndata: {}\n\n' },
      ask: { headers: { Accept: 'text/event-stream' } },
      script: [beats(2), stream('text/event-stream', 'data: 1\n\n', beats(2))],
      check(reply, cell) {
        isHeld(reply, cell, 'sse');
        const ping = 'event: ping\ndata: \\{\\}\n\n';
        cell.expect(reply.body).toMatch(new RegExp(`^(${ping}){2,}data: 1\n\n(${ping})+$`));
      },
    },
    {
      id: 'handle',
      title: 'the handler reaches its hold: an id that stays, and the state it is in',
      script: [note, held, note, json({})],
      async run(cell) {
        await cell.ask();
        const [before, behind] = (await cell.observed('hold')) as Note[];
        cell
          .expect(before)
          .toMatchObject({ id: cell.expect.stringMatching(/./), state: 'waiting' });
        cell.expect(behind).toMatchObject({ id: before?.id, state: 'held' });
      },
    },
    {
      id: 'handle-untouched',
      title: 'the handle of a response that passes says so',
      ask: { headers: { Accept: 'text/html' } },
      script: [state('untouched'), json({})],
      check: isUntouched,
    },
    {
      id: 'interval-false',
      title: 'intervalMs: false switches it off, and the handle does nothing',
      options: { intervalMs: false },
      script: [wait(200), note, json({})],
      async check(reply, cell) {
        isUntouched(reply, cell);
        cell.expect(await cell.observed('hold')).toMatchObject([{ state: 'off' }]);
      },
    },
    {
      id: 'environment-off',
      title: 'HOLDOPEN=off in the environment switches it off',
      when: 'off',
      script: [wait(200), note, json({})],
      async check(reply, cell) {
        isUntouched(reply, cell);
        cell.expect(reply.body).toBe('{}');
        cell.expect(await cell.observed('hold')).toMatchObject([{ state: 'off' }]);
      },
    },
  ],
};
