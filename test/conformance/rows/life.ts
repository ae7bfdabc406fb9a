// Promise 3, honest: clients that leave, handlers that fall silent, servers that shut down.
import { quiet, until } from '../../support/until.js';
import type { Exchange } from '../client/exchange.js';
import type { Group } from '../row.js';
import {
  aborted,
  beats,
  bulk,
  EVENT_STREAM,
  echo,
  gate,
  held,
  json,
  never,
  note,
  read,
  state,
  stream,
  touch,
  watch,
} from '../steps.js';
import {
  cutError,
  heldPayload,
  isHeld,
  isUntouched,
  isUntouchedFor,
  notByFetch,
  readEvents,
} from './checks.js';

const BULK_BYTES = 16 * 1024 * 1024;

export const life: Group = {
  title: 'Clients that leave, silence, shutdown',
  rows: [
    {
      id: 'leaves',
      title: 'the signal fires when a held client leaves',
      script: [watch, aborted, json({})],
      async run(cell) {
        const exchange = await cell.open();
        await exchange.arrived('HoldOpen');
        exchange.leave();
        cell.expect(await cell.noted('aborted')).toMatchObject({
          code: 'HOLDOPEN_DISCONNECTED',
          state: 'gone',
        });
      },
    },
    {
      id: 'leaves-stream',
      title: 'it fires when the client of a stream leaves',
      script: [watch, stream(EVENT_STREAM, 'data: 1\n\n', gate)],
      async run(cell) {
        const exchange = await cell.open();
        await exchange.arrived('data: 1');
        exchange.leave();
        cell.expect(await cell.noted('aborted')).toMatchObject({ code: 'HOLDOPEN_DISCONNECTED' });
        await cell.openGate();
      },
    },
    {
      id: 'leaves-early',
      title: 'it fires when the client leaves before the first beat',
      options: { firstBeatMs: 6_000 },
      script: [watch, note, aborted, json({})],
      async run(cell) {
        const exchange = await cell.open();
        await cell.noted('hold');
        exchange.leave();
        cell.expect(await cell.noted('aborted')).toMatchObject({ code: 'HOLDOPEN_DISCONNECTED' });
      },
    },
    {
      id: 'leaves-continue',
      title: "onDisconnect: 'continue' lets the handler work on",
      options: { onDisconnect: 'continue' },
      script: [watch, gate, note, json({})],
      async run(cell) {
        const exchange = await cell.open();
        await exchange.arrived('HoldOpen');
        exchange.leave();
        await quiet(250);
        await cell.openGate();
        await cell.noted('hold');
        cell.expect(await cell.observed('aborted')).toEqual([]);
      },
      not: [
        {
          where: { runtime: 'workerd' },
          because: 'Workers end the work of a client that has left; waitUntil is their way.',
        },
      ],
    },
    {
      id: 'leaves-early-continue',
      title: 'also when it leaves before the first beat',
      options: { firstBeatMs: 6_000, onDisconnect: 'continue' },
      script: [watch, note, gate, note, json({})],
      async run(cell) {
        const exchange = await cell.open();
        await cell.noted('hold');
        exchange.leave();
        await quiet(250);
        await cell.openGate();
        await cell.noted('hold', 2);
        cell.expect(await cell.observed('aborted')).toEqual([]);
      },
    },
    {
      id: 'no-abort',
      title: 'the signal does not fire for an answer that came to its end',
      script: [watch, held, json({})],
      async run(cell) {
        await cell.ask();
        await quiet(150);
        cell.expect(await cell.observed('aborted')).toEqual([]);
      },
    },
    {
      id: 'silence',
      title: 'a handler silent for maxSilenceMs is a late 504, and its signal fires',
      options: { maxSilenceMs: 150 },
      script: [watch, never],
      async check(reply, cell) {
        cell.expect(cutError(reply, cell)).toMatchObject({
          status: 504,
          error: { completion_status: 504, code: 'silence' },
        });
        cell.expect(await cell.noted('aborted')).toMatchObject({ code: 'HOLDOPEN_SILENCE' });
      },
    },
    {
      id: 'silence-sse',
      title: 'on an event stream it is an error event',
      options: { maxSilenceMs: 150 },
      ask: { headers: { Accept: EVENT_STREAM } },
      script: [never],
      check(reply, cell) {
        isHeld(reply, cell, 'sse');
        const last = readEvents(reply.body).events.at(-1);
        cell.expect(last?.event).toBe('error');
        cell.expect(JSON.parse(last?.data ?? '')).toMatchObject({ code: 'silence' });
        cell.expect(reply.ended).toBe('complete');
      },
    },
    {
      id: 'touch',
      title: 'touch() is a sign of life',
      options: { maxSilenceMs: 1_000 },
      script: [touch(20, 80), json({})],
      check(reply, cell) {
        cell.expect(heldPayload(reply, cell)).toMatchObject({ lateHead: undefined, payload: '{}' });
      },
    },
    {
      id: 'slow-reader',
      title: 'while the reader is slow beats are dropped, never queued',
      script: [held, stream('application/json', '["', bulk(BULK_BYTES), '",', gate, '1]')],
      async run(cell) {
        const exchange = await cell.open();
        await exchange.arrived('HoldOpen');
        exchange.pause();
        await quiet(700);
        await cell.openGate();
        exchange.resume();
        const reply = await exchange.reply();
        const behind = reply.body.slice(reply.body.lastIndexOf('x') + 1);
        // Eleven intervals have passed; one beat may come when the reader is back.
        cell.expect(behind).toMatch(/^",\n{0,2}1\]$/);
        cell.expect(reply.ended).toBe('complete');
      },
    },
    {
      id: 'slow-upload',
      title: 'an upload that is still arriving is not silence',
      options: { firstBeatMs: 150 },
      script: [read, echo],
      async run(cell) {
        const exchange = await cell.open({
          method: 'POST',
          headers: { 'Content-Length': '60', 'Content-Type': 'text/plain' },
          bodyFollows: true,
        });
        for (let i = 0; i < 12; i++) {
          exchange.send('hello');
          await quiet(40);
        }
        exchange.finish();
        const reply = await exchange.reply();
        isUntouched(reply, cell);
        cell.expect(reply.body).toContain('hello'.repeat(12));
      },
      not: notByFetch('A fetch handler’s Request does not say when its body is in.'),
    },
    {
      id: 'upload-then-silence',
      title: 'silence behind an upload is held',
      ask: { method: 'POST', body: 'x'.repeat(50_000), headers: { 'Content-Type': 'text/plain' } },
      script: [read, beats(2), echo],
      check(reply, cell) {
        const { payload } = heldPayload(reply, cell);
        cell.expect(JSON.parse(payload)).toMatchObject({ body: 'x'.repeat(50_000) });
      },
    },
    {
      id: 'drain',
      title:
        'a drain ends what is held: JSON by a late 503, event streams by a clean end and a retry',
      when: 'alone',
      script: [watch, gate, json({})],
      async run(cell) {
        const { expect } = cell;
        const [held1, held2] = [
          await cell.open(),
          await cell.open({ headers: { Accept: EVENT_STREAM } }),
        ];
        await Promise.all([held1.arrived('HoldOpen'), held2.arrived('HoldOpen')]);
        await cell.noted('onBeat', 2);
        try {
          const result = await cell.drain({ timeoutMs: 100, retryAfterSeconds: 7 });
          expect(result).toMatchObject({ ended: 2 });
          expect(cutError(await held1.reply(), cell)).toMatchObject({
            status: 503,
            headers: { 'retry-after': '7' },
            error: { code: 'drained' },
          });
          const stream = await held2.reply();
          const retry = Number(/retry: (\d+)\n\n$/.exec(stream.body)?.[1]);
          expect(retry).toBeGreaterThanOrEqual(7_000);
          expect(retry).toBeLessThanOrEqual(14_000);
          expect(stream.ended).toBe('complete');
          expect(await cell.noted('aborted', 2)).toMatchObject({ code: 'HOLDOPEN_DRAINED' });
          // What falls silent afterwards is told the plain truth.
          const late = await cell.ask();
          expect(late.status).toBe(503);
          expect(late.headers['retry-after']).toBe('7');
        } finally {
          await cell.reopen();
          await cell.openGate();
        }
      },
      not: [{ where: { runtime: 'workerd' }, because: 'Workers are not told of a shutdown.' }],
    },
    {
      id: 'many',
      title: '500 responses are held at once, and each gets its beats and its own payload',
      when: 'alone',
      options: { intervalMs: 200 },
      script: [gate, echo],
      async run(cell) {
        const { expect } = cell;
        const opened = await Promise.all(
          Array.from({ length: 500 }, async (_, i) => cell.open({ path: `/?${i}` })),
        );
        await Promise.all(opened.map((exchange) => exchange.arrived('HoldOpen')));
        await cell.openGate();
        const replies = await Promise.all(opened.map((exchange) => exchange.reply()));
        for (const [i, { body, ended }] of replies.entries()) {
          expect(body).toMatch(/^\n+\{/);
          expect(JSON.parse(body)).toMatchObject({ path: `/?${i}` });
          expect(ended).toBe('complete');
        }
        await until('no hold is left', async () => (await cell.holds()) === 0);
      },
      not: [
        { where: { protocol: 'HTTP/1.0' }, because: 'Run over HTTP/1.1 alone: it takes its time.' },
        { where: { protocol: 'HTTP/2' }, because: 'Run over HTTP/1.1 alone: it takes its time.' },
      ],
    },
    {
      id: 'max-holds',
      title: 'beyond maxHolds a response passes untouched',
      when: 'alone',
      options: { maxHolds: 2 },
      script: [gate, json({})],
      async run(cell) {
        await until('no hold is left', async () => (await cell.holds()) === 0);
        const opened = await Promise.all([1, 2, 3, 4].map(async () => cell.open()));
        const isHeld = ({ text }: Exchange): boolean => /holdopen/i.test(text);
        await until('two are held', () => opened.filter(isHeld).length === 2);
        await quiet(200);
        await cell.openGate();
        const replies = await Promise.all(opened.map((exchange) => exchange.reply()));
        cell.expect(replies.filter(({ headers }) => 'holdopen' in headers)).toHaveLength(2);
        for (const { body } of replies) cell.expect(body.trimStart()).toBe('{}');
      },
    },
    {
      id: 'max-holds-0',
      title: 'maxHolds: 0 holds nothing',
      options: { maxHolds: 0 },
      script: [state('untouched'), json({})],
      async check(reply, cell) {
        await isUntouchedFor('max_holds', reply, cell);
        cell.expect(reply.body).toBe('{}');
      },
    },
  ],
};
