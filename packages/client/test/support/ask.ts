import { HoldOpenError, type HoldOptions, holdEvents, holdFetch } from '../../src/index.js';

export interface Question {
  readonly url: string;
  readonly wants: 'answer' | 'events';
  readonly holdOpen: HoldOptions;
  /** After so long the caller has enough. */
  readonly timeoutMs: number;
}

/** Whoever asks it, here or in another runtime. */
export type Asks = (question: Question) => Promise<string>;

export const ENOUGH = 'waits until its caller has enough';

/** In one line, what the client made of it: the answer or the events, and the code of an error. */
export async function ask({ url, wants, holdOpen, timeoutMs }: Question): Promise<string> {
  const signal = AbortSignal.timeout(timeoutMs);
  const headers = { 'Content-Type': 'application/json' };
  const init = { method: 'POST', headers, body: '{}', signal, holdOpen };
  const seen: string[] = [];
  try {
    if (wants === 'answer') {
      const response = await holdFetch(url, init);
      return `${response.status} ${JSON.stringify(await response.text())}`;
    }
    for await (const { data } of holdEvents(url, init)) seen.push(data);
    seen.push('the end');
  } catch (error) {
    if (error instanceof HoldOpenError) seen.push(error.code.replace('HOLDOPEN_', ''));
    else seen.push(signal.aborted ? ENOUGH : `${error}`);
  }
  return seen.join(', then ');
}
