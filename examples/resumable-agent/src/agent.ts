// Stands in for your model and its tools.
import { appendFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const { WORK_LOG, TOKEN_MS = '250', TOOL_MS = '10000' } = process.env;

export const TOKENS: readonly string[] = (
  'A connection is only a way to look at work. It may break while the client sits in a train ' +
  'or while a load balancer loses patience and the work goes on in its process. Whoever comes ' +
  'back says how far it has read and gets the rest.'
).split(' ');

/** Thinks aloud. */
export async function* think(signal: AbortSignal): AsyncGenerator<string> {
  await logStart('think');
  for (const token of TOKENS) {
    await sleep(Number(TOKEN_MS), undefined, { signal });
    yield token;
  }
}

/** Has an effect that nobody wants twice. */
export async function book(what: string, signal: AbortSignal): Promise<{ booked: string }> {
  await logStart('book');
  await sleep(Number(TOOL_MS), undefined, { signal });
  return { booked: what };
}

/** One line for each time that work was started, so that the demo can count. */
async function logStart(work: string): Promise<void> {
  if (WORK_LOG !== undefined) await appendFile(WORK_LOG, `${work} in process ${process.pid}\n`);
}
