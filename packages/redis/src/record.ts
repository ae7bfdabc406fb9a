import type { RunRecord, RunState } from '@holdopen/runs';
import { RECORD_FIELDS } from './scripts/record.js';

/** What a script about a run answered. */
export interface ScriptAnswer {
  readonly outcome: string;
  readonly record: RunRecord | undefined;
  /** In the order of the log, contiguous. */
  readonly entries: readonly Uint8Array[];
}

/** @throws Error if it is not what our scripts answer */
export function parseAnswer(answer: unknown): ScriptAnswer {
  const [outcome, now, values, entries] = arrayOf(answer);
  return {
    outcome: textOf(outcome),
    record: values === null ? undefined : parseRecord(arrayOf(values), Number(textOf(now))),
    entries: arrayOf(entries).map(bytesOf),
  };
}

function parseRecord(values: readonly unknown[], now: number): RunRecord {
  const value = (name: (typeof RECORD_FIELDS)[number]): unknown =>
    values[RECORD_FIELDS.indexOf(name)];
  const text = (name: (typeof RECORD_FIELDS)[number]): string => textOf(value(name));
  const number = (name: (typeof RECORD_FIELDS)[number]): number => Number(text(name));
  const head = value('head');
  return {
    run: text('run'),
    principal: text('principal'),
    route: text('route'),
    fingerprint: text('fingerprint'),
    // Written by our scripts alone, from values of this type.
    state: text('state') as RunState,
    attempt: number('attempt'),
    fence: { epoch: text('epoch'), token: number('token') },
    tail: number('tail'),
    logBytes: number('logBytes'),
    head: head === null ? undefined : bytesOf(head),
    startedAt: number('startedAt'),
    settledAt: value('settledAt') === null ? undefined : number('settledAt'),
    leaseUntil: number('leaseUntil'),
    graceMs: number('graceMs'),
    expiresAt: number('expiresAt'),
    cancelRequested: value('cancelRequested') !== null,
    purged: value('purged') !== null,
    now,
  };
}

export function arrayOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new Error(`Redis answered ${typeof value} where a list was expected.`);
}

export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Buffer.isBuffer(value)) return value.toString('utf8');
  throw new Error(`Redis answered ${typeof value} where text was expected.`);
}

/** A copy: what the client gives is a part of everything that came with it, and would keep it all. */
function bytesOf(value: unknown): Uint8Array {
  if (Buffer.isBuffer(value)) return new Uint8Array(value);
  throw new Error(`Redis answered ${typeof value} where bytes were expected.`);
}
