import type { HoldOpenOptions } from '@holdopen/node';
import { type Answer, answerJson, answerWith } from './answer.js';
import { HELD_CASES, type HeldCase, INTERVAL_MS, type WithUrl } from './cases.js';
import { type Seen, ServerLog } from './log.js';
import { answerMcp } from './mcp-session.js';
import { PLAYS } from './play.js';
import { partsOf, routeOf } from './route.js';
import { WIRES } from './wire.js';

/** A request, as every framework can tell of it. */
export interface Call {
  readonly url: string;
  readonly method: string;
  readonly body: string;
  readonly httpVersion?: string;
  /** What a handler of the user's has to know that its client left. */
  readonly signal?: AbortSignal | undefined;
}

/** Where what a server saw can be asked for from outside, for one in another process. */
const SEEN = 'seen';

/** What all apps have in common: how a case is held, what its handler does, and what was seen of it. */
export class Stage {
  readonly #log = new ServerLog();

  seen(id: string): Seen {
    return this.#log.of(id);
  }

  holdOptions(name: HeldCase): HoldOpenOptions<WithUrl> {
    return {
      ...HELD_CASES[name],
      intervalMs: INTERVAL_MS,
      onBeat: this.onBeat,
      onLateOutcome: () => {},
    };
  }

  /** Holds the times of beats against the request that they were sent for. */
  readonly onBeat = (_hold: unknown, { url }: WithUrl): void => {
    this.seen(routeOf(url)?.id ?? '').beatsMs.push(Date.now());
  };

  async play({ url, method, body, httpVersion, signal }: Call): Promise<Answer> {
    const route = routeOf(url);
    if (route === undefined) return this.#answerElse(url);
    const request: unknown = body === '' ? undefined : JSON.parse(body);
    const aside = route.wire === 'mcp' ? answerMcp(method, request) : undefined;
    if (aside !== undefined) return aside;

    const seen = this.seen(route.id);
    seen.httpVersion = httpVersion;
    seen.requests += 1;
    const left = (): void => {
      seen.leftMs ??= Date.now();
    };
    if (signal?.aborted === true) left();
    signal?.addEventListener('abort', left, { once: true });
    const { workMs } = route;
    const answer = await PLAYS[route.name]({ wire: WIRES[route.wire], workMs, request });
    if (typeof answer.body !== 'string') return { ...answer, body: toTheEnd(answer.body, seen) };
    seen.isOver = true;
    return answer;
  }

  #answerElse(url: string): Answer {
    const [first, id] = partsOf(url);
    // A blank page for browsers, so that what they ask for is of their own origin.
    if (first === undefined) return answerWith(200, 'text/html', '<!doctype html>');
    if (first === SEEN && id !== undefined) return answerJson(200, this.seen(id));
    return answerJson(404, { error: 'there is no such case' });
  }
}

export function pathOfSeen(id: string): string {
  return `/${SEEN}/${id}`;
}

async function* toTheEnd(body: AsyncIterable<string>, seen: Seen): AsyncIterable<string> {
  try {
    yield* body;
  } finally {
    seen.isOver = true;
  }
}
