// One client of the soak: what it asks for, how it behaves, and whether what it got is right.
import { setTimeout as sleep } from 'node:timers/promises';
import { HoldOpenError, holdEvents, holdFetch } from '@holdopen/client';
import { documentOf, eventsOf, type Task } from './task.js';

/** How a client behaves: it reads to the end, slowly, or leaves in the middle. */
type Behaviour = 'reads' | 'slow' | 'leaves';

/**
 * - `right`: what came is what was asked for.
 * - `failed`: the failure that was asked for, told as one.
 * - `left`: the client did not wait.
 * - `broken`: an error of the connection, told as one.
 * - `wrong`: something else was taken for the answer. There must be none.
 */
export type Ending = 'right' | 'failed' | 'left' | 'broken' | 'wrong';

export interface Visit {
  readonly url: string;
  readonly task: Task;
  readonly behaviour: Behaviour;
  /** After which a client leaves that does. */
  readonly leavesAfterMs: number;
}

const POST = { method: 'POST', headers: { 'Content-Type': 'application/json' } };
const SLOW_MS = 20;

export async function visit(visit: Visit): Promise<{ ending: Ending; matter?: string }> {
  const controller = new AbortController();
  const isLeaving = visit.behaviour === 'leaves';
  const timer = isLeaving ? setTimeout(() => controller.abort(), visit.leavesAfterMs) : undefined;
  try {
    return visit.task.kind === 'events'
      ? await readEvents(visit, controller.signal)
      : await readDocument(visit, controller.signal);
  } catch (error) {
    if (controller.signal.aborted) return { ending: 'left' };
    if (error instanceof HoldOpenError) return { ending: 'broken', matter: error.code };
    return { ending: 'wrong', matter: String(error) };
  } finally {
    clearTimeout(timer);
  }
}

async function readDocument({ url, task, behaviour }: Visit, signal: AbortSignal) {
  const response = await holdFetch(url, {
    ...POST,
    body: JSON.stringify(task),
    signal,
    holdOpen: { retry: false },
  });
  if (behaviour === 'slow') await sleep(SLOW_MS);
  if (task.kind === 'failure') {
    await response.text();
    // What an adapter makes of an error without an error handler is its framework's business.
    return response.status >= 400
      ? ({ ending: 'failed' } as const)
      : ({ ending: 'wrong', matter: `a failure came as ${response.status}` } as const);
  }
  const text = await response.text();
  if (response.status === 200 && text === JSON.stringify(documentOf(task))) {
    return { ending: 'right' } as const;
  }
  return { ending: 'wrong', matter: `${response.status} ${text.slice(0, 80)}` } as const;
}

async function readEvents({ url, task, behaviour }: Visit, signal: AbortSignal) {
  const expected = eventsOf(task);
  const events = holdEvents(url, {
    ...POST,
    body: JSON.stringify(task),
    signal,
    holdOpen: { retry: false },
  });
  let count = 0;
  for await (const { data } of events) {
    if (data !== expected[count]) {
      return { ending: 'wrong', matter: `event ${count} is ${data}` } as const;
    }
    count += 1;
    if (behaviour === 'slow') await sleep(SLOW_MS);
  }
  return count === expected.length
    ? ({ ending: 'right' } as const)
    : ({ ending: 'wrong', matter: `${count} of ${expected.length} events` } as const);
}
