// Stands in for your model and its tools.
import { setTimeout as sleep } from 'node:timers/promises';

export interface TaskOrder {
  readonly title: string;
  readonly seconds: number;
  readonly ends: 'well' | 'badly';
}

/** What a task says, in the order of its steps. */
export interface TaskEvent {
  readonly step: number;
  readonly of: number;
  readonly text: string;
}

/** What is done, and how long it takes beside the others. The long ones say nothing meanwhile. */
const STEPS: readonly (readonly [text: string, share: number])[] = [
  ['Reads the task', 1],
  ['Looks for the places that matter', 2],
  ['Runs the tests, which takes a while', 8],
  ['One of them fails', 1],
  ['Reads the code it is about', 2],
  ['Asks the model what is wrong', 6],
  ['Writes a change', 2],
  ['Runs the tests again', 8],
  ['All of them pass', 1],
  ['Writes the summary', 2],
];
const ALL_SHARES = STEPS.reduce((sum, [, share]) => sum + share, 0);

/** Works on a task, and says what it does. */
export async function* work(order: TaskOrder, signal: AbortSignal): AsyncGenerator<TaskEvent> {
  const of = STEPS.length;
  for (const [index, [text, share]] of STEPS.entries()) {
    const step = index + 1;
    if (order.ends === 'badly' && step === of) {
      yield { step, of, text: 'The model gave no answer' };
      throw new Error(`The model gave no answer to "${order.title}"`);
    }
    yield { step, of, text };
    await sleep((order.seconds * 1_000 * share) / ALL_SHARES, undefined, { signal });
  }
}

/** What somebody has sent; `undefined` if it is no order. */
export function readOrder(given: unknown): TaskOrder | undefined {
  if (typeof given !== 'object' || given === null) return undefined;
  const { title, seconds, ends } = given as Partial<Record<keyof TaskOrder, unknown>>;
  if (typeof title !== 'string' || title === '' || title.length > 200) return undefined;
  if (typeof seconds !== 'number' || !(seconds >= 1 && seconds <= 3_600)) return undefined;
  if (ends !== 'well' && ends !== 'badly') return undefined;
  return { title, seconds, ends };
}
