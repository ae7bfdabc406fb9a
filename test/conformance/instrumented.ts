// A row's options as an app mounts them: with hooks that note what they are told.
import type { HoldInfo, LateOutcome } from '@holdopen/core';
import { context, countBeat, headerOf, hostOf, keyOf, note } from './observed.js';
import type { Row, RowOptions, Tools } from './row.js';

/** Short enough for tests, long enough for a machine that is busy. */
export const QUICK = { firstBeatMs: 20, intervalMs: 60 } as const;

const tools: Tools = {
  note(request, what, details) {
    note(keyOf(hostOf(request)).key, what, { context: context.getStore(), ...details });
  },
  header: headerOf,
};

export function optionsOf(row: Row): RowOptions {
  const own = typeof row.options === 'function' ? row.options(tools) : (row.options ?? {});
  const options = { ...QUICK, ...own };
  if (row.bareHooks) return options;
  return {
    ...options,
    onBeat(hold: HoldInfo, request: unknown): unknown {
      countBeat(hold.id);
      if (hold.beats <= 50) {
        const { id, beats, beatsDropped, format, state } = hold;
        tools.note(request, 'onBeat', { id, beats, beatsDropped, format, state });
      }
      return own.onBeat?.(hold, request);
    },
    onLateOutcome(outcome: LateOutcome, request: unknown): unknown {
      const { ok, status, headers } = outcome;
      const failure = outcome.ok
        ? {}
        : { code: outcome.code, error: outcome.error === undefined ? undefined : 'an error' };
      tools.note(request, 'onLateOutcome', { ok, status, headers, ...failure });
      return own.onLateOutcome?.(outcome, request);
    },
  };
}

/** The outer mount of a row that is mounted twice. */
export const OUTER_OPTIONS: RowOptions = { intervalMs: 20_000, lateError: 'body' };
