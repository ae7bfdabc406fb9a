import { randomUUID } from 'node:crypto';
import type { ProbedFront } from '../probe/front.js';
import { routeTo } from '../server/route.js';
import { afterAll, bad, type Cell, plain, wordsOf } from '../table.js';
import { call } from './call.js';
import { type ClientColumn, isStream, judge } from './judge.js';
import type { ClientKind, PreparedClient } from './kind.js';

/** The time-out for silence, where a client has one. */
const TIMEOUT_MS = 2_000;
/** Twice that: undici's timers, for one, may be a second late. */
const WORK_MS = 4_000;

export interface Place {
  readonly front: Pick<ProbedFront, 'origin' | 'seen'>;
  readonly workMs?: number;
  /** What the client needs in its environment to get there. */
  readonly env: Readonly<Record<string, string>>;
}

/** Asks a client one thing; once more if that went badly. */
export async function askClient(...question: Parameters<typeof askOnce>): Promise<Cell> {
  const first = await askOnce(...question);
  return first.verdict === 'bad' && first.isWrong !== true
    ? afterAll(first, await askOnce(...question))
    : first;
}

async function askOnce(
  kind: ClientKind,
  client: PreparedClient,
  column: ClientColumn,
  { front, env, ...place }: Place,
): Promise<Cell> {
  const { wire = 'plain', only, played, known } = kind;
  const workMs = kind.workMs ?? place.workMs ?? WORK_MS;
  const mode = isStream(column) ? 'events' : 'json';
  const name = played === undefined ? column : played[column];
  if (name === undefined || (only === 'events' && mode === 'json')) return plain('–');
  const id = randomUUID();
  const url = `${front.origin}${routeTo({ wire, name, workMs, id })}`;
  try {
    const told = await call(client, {
      url,
      mode,
      timeoutMs: TIMEOUT_MS,
      env: { ...kind.env, ...env },
    });
    const cell = judge(column, told, kind, await front.seen(id));
    const expected = known?.[column];
    if (expected?.test(cell.text)) return plain(cell.text);
    return expected === undefined || cell.verdict === 'bad' ? cell : { ...cell, verdict: 'odd' };
  } catch (error) {
    return bad(wordsOf(error));
  }
}
