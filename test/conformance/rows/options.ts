// Hooks, async context, options that must be refused, mounts.
import type { Refusal } from '../control.js';
import type { Group } from '../row.js';
import { beats, fail, held, json, note, status } from '../steps.js';
import { cutError, heldPayload } from './checks.js';

/** What is wrong, and the code that says so. */
const WRONG: Readonly<Record<string, readonly [options: unknown, code: string]>> = {
  'no number': [{ intervalMs: Number.NaN }, 'HOLDOPEN_INVALID_OPTION'],
  negative: [{ intervalMs: -1 }, 'HOLDOPEN_INVALID_OPTION'],
  'under 50 ms': [{ intervalMs: 49 }, 'HOLDOPEN_INVALID_OPTION'],
  'too long': [{ firstBeatMs: 2 ** 31 }, 'HOLDOPEN_INVALID_OPTION'],
  'a string': [{ intervalMs: '8000' }, 'HOLDOPEN_INVALID_OPTION'],
  format: [{ format: 'xml' }, 'HOLDOPEN_INVALID_OPTION'],
  frame: [{ frame: ': keepalive' }, 'HOLDOPEN_INVALID_OPTION'],
  pad: [{ pad: -1 }, 'HOLDOPEN_INVALID_OPTION'],
  lateError: [{ lateError: 'ignore' }, 'HOLDOPEN_INVALID_OPTION'],
  'a late cookie': [{ lateHeaders: ['set-cookie'] }, 'HOLDOPEN_INVALID_OPTION'],
  onDisconnect: [{ onDisconnect: 'stop' }, 'HOLDOPEN_INVALID_OPTION'],
  hook: [{ onBeat: 'log' }, 'HOLDOPEN_INVALID_OPTION'],
  unknown: [{ interval: 8_000 }, 'HOLDOPEN_UNKNOWN_OPTION'],
  conflict: [{ firstBeatMs: 1_000, maxSilenceMs: 500 }, 'HOLDOPEN_CONFLICTING_OPTIONS'],
};

export const options: Group = {
  title: 'Options, hooks and mounts',
  rows: [
    {
      id: 'refused',
      title: 'wrong options are refused when they are mounted, with a code and the fix',
      script: [json({})],
      refused: Object.fromEntries(Object.entries(WRONG).map(([name, [given]]) => [name, given])),
      async run(cell) {
        const refusals = (await cell.refusals()) as Refusal[];
        const codes = Object.fromEntries(refusals.map(({ name, code }) => [name, code]));
        cell
          .expect(codes)
          .toEqual(
            Object.fromEntries(Object.entries(WRONG).map(([name, [, code]]) => [name, code])),
          );
        for (const { message } of refusals) cell.expect(message?.length).toBeGreaterThan(40);
      },
    },
    {
      id: 'mounted-twice',
      title: 'mounted twice it is one hold, and the innermost options win',
      mount: 'both',
      options: { lateError: 'cut' },
      script: [beats(2), status(409), json({ why: 'no' })],
      async check(reply, cell) {
        cell.expect(reply.headers.holdopen).toBe('interval=60, format=json');
        cell.expect(cutError(reply, cell)).toMatchObject({ status: 409, error: { why: 'no' } });
        cell.expect(await cell.observed('onLateOutcome')).toHaveLength(1);
      },
    },
    {
      id: 'hooks',
      title: 'onBeat is told of the hold, onLateOutcome once of the outcome',
      script: [note, beats(2), status(201), json({})],
      async check(_reply, cell) {
        const { expect } = cell;
        const { id } = await cell.noted('hold');
        expect(await cell.noted('onBeat')).toMatchObject({ id, beats: 1, format: 'json' });
        expect(await cell.noted('onBeat', 2)).toMatchObject({ id, beats: 2, state: 'held' });
        await cell.noted('onLateOutcome');
        expect(await cell.observed('onLateOutcome')).toMatchObject([{ ok: true, status: 201 }]);
      },
    },
    {
      id: 'hooks-throw',
      title: 'hooks that throw break nothing',
      options: {
        onBeat() {
          throw new Error('in onBeat');
        },
        onLateOutcome() {
          throw new Error('in onLateOutcome');
        },
      },
      script: [beats(2), status(201), json({})],
      check(reply, cell) {
        cell.expect(heldPayload(reply, cell)).toMatchObject({
          lateHead: { status: 201 },
          payload: '{}',
        });
      },
    },
    {
      id: 'hooks-reject',
      title: 'hooks that reject break nothing',
      options: {
        onBeat: () => Promise.reject(new Error('in onBeat')),
        onLateOutcome: () => Promise.reject(new Error('in onLateOutcome')),
      },
      script: [beats(2), status(201), json({})],
      check(reply, cell) {
        cell.expect(heldPayload(reply, cell)).toMatchObject({
          lateHead: { status: 201 },
          payload: '{}',
        });
      },
    },
    {
      id: 'context',
      title: 'hooks, format and lateError run in their own request’s async context',
      options: (tools) => ({
        format(request) {
          tools.note(request, 'format');
          return 'json';
        },
        lateError(_outcome, request) {
          tools.note(request, 'lateError');
          return {};
        },
      }),
      script: [beats(2), status(500), json({})],
      async check(_reply, cell) {
        await cell.noted('onLateOutcome');
        const hooks = ['format', 'onBeat', 'lateError', 'onLateOutcome'];
        for (const hook of hooks) {
          const notes = await cell.observed(hook);
          cell.expect(notes.length, hook).toBeGreaterThan(0);
          for (const { context } of notes) cell.expect(context, hook).toBe(cell.key);
        }
      },
    },
    {
      id: 'context-signal',
      title: 'listeners of the signal run in their own request’s async context',
      options: { maxSilenceMs: 100 },
      script: [{ do: 'watch' }, { do: 'never' }],
      async check(_reply, cell) {
        cell.expect(await cell.noted('aborted')).toMatchObject({ context: cell.key });
      },
    },
    {
      id: 'body-and-throw',
      title: "lateError: 'body' holds for a handler that throws, too",
      options: { lateError: 'body' },
      script: [held, fail(409)],
      check(reply, cell) {
        const { lateHead, payload } = heldPayload(reply, cell);
        cell.expect(lateHead?.status).toBe(409);
        cell.expect(() => JSON.parse(payload)).not.toThrow();
      },
    },
  ],
};
