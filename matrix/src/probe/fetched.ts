import { holdFetch } from '@holdopen/client';
import { Agent, fetch as undiciFetch } from 'undici';
import { certificate } from '../server/certificate.js';
import { bad, type Cell, good, wordsOf, wrong } from '../table.js';
import type { ProbedFront } from './front.js';

interface Call {
  readonly url: string;
  readonly id: string;
  readonly front: ProbedFront;
  readonly limitMs: number;
}

/** Node's own; for TLS undici's, which is the same and can be told whom to trust. */
function fetchFor({ url, front }: Call): typeof globalThis.fetch {
  if (!url.startsWith('https:')) return fetch;
  const dispatcher = new Agent({
    allowH2: front.version === '2',
    connect: { ca: certificate.cert },
  });
  const fetchOverTls = (to: string, init: object) => undiciFetch(to, { ...init, dispatcher });
  // undici has types of its own for what is the same.
  return fetchOverTls as unknown as typeof globalThis.fetch;
}

const ACCEPT = { json: 'application/json', events: 'text/event-stream' };

/** What a program that uses fetch makes of an answer that was cut. */
export async function fetchedAsUsual(call: Call, mode: 'json' | 'events'): Promise<Cell> {
  const signal = AbortSignal.timeout(call.limitMs);
  try {
    const response = await fetchFor(call)(call.url, {
      method: mode === 'json' ? 'POST' : 'GET',
      headers: { accept: ACCEPT[mode] },
      signal,
    });
    if (response.status !== 200) return bad(`status ${response.status}`);
    if (mode === 'json') {
      return wrong(`taken for a success: ${JSON.stringify(await response.json())}`);
    }
    await response.text();
    return wrong('ends as if whole');
  } catch (error) {
    // It was not told of anything: it had enough.
    if (signal.aborted) return bad('nothing ends it');
    const { isOver } = await call.front.seen(call.id);
    return isOver ? good(wordsOf(error)) : bad(`${wordsOf(error)}, before it was to break`);
  }
}

/** Our own client is to see the true status, whatever is in between. */
export async function fetchedByHoldFetch(call: Call, failure: string): Promise<Cell> {
  try {
    const response = await holdFetch(call.url, {
      method: 'POST',
      headers: { accept: ACCEPT.json },
      holdOpen: { fetch: fetchFor(call) },
    });
    const text = await response.text();
    if (response.status === 422 && text === failure) return good('422, whole');
    // Another status is what a hop made of it.
    const words = `${response.status} ${text}`;
    return response.status === 200 || response.status === 422 ? wrong(words) : bad(words);
  } catch (error) {
    return bad(wordsOf(error));
  }
}
