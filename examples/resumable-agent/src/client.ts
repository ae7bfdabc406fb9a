// A client of runs, with nothing but fetch: its connection may break as often as it likes.
//
//   npx tsx src/client.ts http://localhost:3000/stream 'Tell me about connections.'
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

/** Waits so long before it comes back, and longer each time, up to the second. */
const RETRY_MS = [100, 5_000] as const;
/** Servers of runs send a beat every few seconds: one that is silent for so long is not there any more. */
const SILENCE_MS = 30_000;
/** Gives up when it came back so often in a row and got nothing. */
const MAX_FAILURES = 30;

export interface Question {
  readonly url: string;
  /** Names the work: whatever is sent under it, the work is started once. */
  readonly key: string;
  readonly prompt: string;
}

/** What the server says when there is no result, or no rest of it (RFC 9457). */
export interface Problem {
  readonly status: number;
  readonly code?: string;
  readonly detail?: string;
}

/** How it ended. `lost`: the process that did the work died, and how far it came is not known. */
export type Ending =
  | { readonly outcome: 'completed' }
  | { readonly outcome: 'lost' | 'failed'; readonly problem: Problem };

export interface Listener {
  /** Each event once and in order. */
  event(data: string): void;
  /** An answer has begun. */
  connected?(response: Response): void;
  /** The connection broke, or nobody could be reached. */
  broken?(): void;
  /** The work was started anew, so that its events begin again. */
  again?(): void;
}

/** Asks for a stream, and follows it to its end through whichever process answers. */
export async function follow(question: Question, listener: Listener): Promise<Ending> {
  /** Where to come back to, and how far we have come. */
  let events: URL | undefined;
  let lastId: string | undefined;
  for (let failures = 0; ; ) {
    const silence = new Silence();
    try {
      const place = lastId === undefined ? {} : { 'Last-Event-ID': lastId };
      const response =
        events === undefined
          ? await post(question, place, silence.signal)
          : await fetch(events, { headers: { ...AUTH, ...place }, signal: silence.signal });
      listener.connected?.(response);
      // A stream that ends may have been ended by a server that shuts down: only this says "no more".
      if (response.status === 204) return { outcome: 'completed' };
      if (response.ok && response.body !== null) {
        const run = statusUrl(response, question.url);
        if (run !== undefined) events = new URL(`${run}/events`);
        let isFirst = true;
        for await (const { id, event, data } of parse(response.body, silence)) {
          // The first id is the place where this answer begins.
          if (isFirst && lastId !== undefined && id !== lastId) listener.again?.();
          isFirst = false;
          lastId = id ?? lastId;
          if (event !== 'error' && data !== undefined) listener.event(data);
          if (event === 'error') {
            const problem: Problem = JSON.parse(data ?? '');
            if (problem.status !== 503) return endOf(problem);
            // Its process gave it up: the same request starts it elsewhere.
            events = undefined;
          }
          failures = 0;
        }
      } else {
        const problem = await problemOf(response);
        if (problem.status !== 503) return endOf(problem);
        events = undefined;
      }
    } catch (error) {
      if (!isNetworkError(error) || failures >= MAX_FAILURES) throw error;
      listener.broken?.();
    } finally {
      silence.end();
    }
    failures += 1;
    await sleep(Math.min(RETRY_MS[0] * failures, RETRY_MS[1]));
  }
}

/** Asks for a document. The same key gets the same answer, however often it is asked for. */
export async function ask(
  question: Question,
  listener: Pick<Listener, 'connected' | 'broken'> = {},
): Promise<{ readonly outcome: 'completed'; readonly answer: unknown } | Ending> {
  for (let failures = 1; ; failures += 1) {
    try {
      const response = await post(question);
      listener.connected?.(response);
      if (response.ok) return { outcome: 'completed', answer: await response.json() };
      const problem = await problemOf(response);
      if (problem.status !== 503) return endOf(problem);
    } catch (error) {
      if (!isNetworkError(error) || failures >= MAX_FAILURES) throw error;
      listener.broken?.();
    }
    await sleep(Math.min(RETRY_MS[0] * failures, RETRY_MS[1]));
  }
}

export const AUTH = { Authorization: 'Bearer demo' };

function post(
  { url, key, prompt }: Question,
  headers: Record<string, string> = {},
  signal: AbortSignal | null = null,
): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    signal,
    headers: {
      ...AUTH,
      ...headers,
      'Content-Type': 'application/json',
      'Idempotency-Key': key,
    },
    body: JSON.stringify({ prompt }),
  });
}

/** How fetch says that the network failed, and we that it was silent. */
function isNetworkError(error: unknown): boolean {
  return error instanceof TypeError || (error as Error).name === 'AbortError';
}

/** Fires when nothing was heard for too long. */
class Silence {
  readonly #controller = new AbortController();
  readonly #timer = setTimeout(() => this.#controller.abort(), SILENCE_MS);

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  heard(): void {
    this.#timer.refresh();
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

/** Each answer that belongs to a run says where the run is. */
export function statusUrl(response: Response, base: string): URL | undefined {
  const path = /<([^>]+)>; rel="status"/.exec(response.headers.get('link') ?? '')?.[1];
  return path === undefined ? undefined : new URL(path, base);
}

async function problemOf(response: Response): Promise<Problem> {
  const { status, headers } = response;
  const text = await response.text();
  const isProblem = headers.get('content-type') === 'application/problem+json';
  return isProblem ? JSON.parse(text) : { status, detail: text };
}

function endOf(problem: Problem): Ending {
  return { outcome: problem.code === 'lost' ? 'lost' : 'failed', problem };
}

/** An event of an event stream; one without data only says where we are. */
type ServerSentEvent = Partial<Record<'id' | 'event' | 'data', string>>;

/** As much of the format as servers of runs use. What breaks off in the middle of an event is dropped. */
async function* parse(
  body: ReadableStream<Uint8Array>,
  silence: Silence,
): AsyncGenerator<ServerSentEvent> {
  let event: ServerSentEvent = {};
  let rest = '';
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    silence.heard();
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const [, name, value = ''] = /^(id|event|data): ?(.*)$/.exec(line) ?? [];
      if (name === 'data')
        event.data = event.data === undefined ? value : `${event.data}\n${value}`;
      else if (name === 'id' || name === 'event') event[name] = value;
      else if (line === '') {
        if (Object.keys(event).length > 0) yield event;
        event = {};
      }
    }
  }
}

if (process.argv[1] === import.meta.filename) {
  const [url = 'http://localhost:3000/stream', prompt = 'hello'] = process.argv.slice(2);
  const question = { url, prompt, key: randomUUID() };
  const ending = await follow(question, {
    event: (data) => process.stdout.write(`${JSON.parse(data).token} `),
    broken: () => process.stdout.write('\n(the connection broke: coming back)\n'),
    again: () => process.stdout.write('\n(started again)\n'),
  });
  if (ending.outcome === 'completed') console.log();
  else console.error(`\n${ending.outcome}: ${JSON.stringify(ending.problem)}`);
}
