// Reads answers with fetch or with the client, in a process of its own, and looks at each.
import { holdEvents, holdFetch } from '@holdopen/client';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { answer } from '../child.js';
import { cpuUs } from '../cpu.js';

export type Way = 'fetch' | 'client';

const [way = 'fetch'] = process.argv.slice(2) as [Way];
const ask: (url: string) => Promise<Response> = way === 'fetch' ? fetch : holdFetch;

/** The least that somebody writes who uses the parser: a reader, a parser, a queue. */
async function* parsed(url: string): AsyncGenerator<EventSourceMessage> {
  const response = await fetch(url, { headers: { Accept: 'text/event-stream' } });
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let queue: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => queue.push(event) });
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done) return;
    parser.feed(decoder.decode(value, { stream: true }));
    yield* queue;
    queue = [];
  }
}

const commands = {
  cpuUs,
  /** Milliseconds for `count` documents, `width` of them at a time. */
  async documents(url: string, count: number, width: number): Promise<number> {
    let left = count;
    const startMs = performance.now();
    await Promise.all(
      Array.from({ length: width }, async () => {
        while (left > 0) {
          left -= 1;
          const response = await ask(url);
          const { items } = (await response.json()) as { items: unknown[] };
          if (response.status !== 200 || items.length !== 20) throw new Error('another answer');
        }
      }),
    );
    return performance.now() - startMs;
  },
  /** Milliseconds for a stream of so many events. */
  async events(url: string, count: number): Promise<number> {
    const startMs = performance.now();
    let seen = 0;
    for await (const { data } of way === 'fetch' ? parsed(url) : holdEvents(url)) {
      if (!data.startsWith(`{"index":${seen},`)) throw new Error(`${data} is not event ${seen}`);
      seen += 1;
    }
    if (seen !== count) throw new Error(`${seen} of ${count} events came`);
    return performance.now() - startMs;
  },
};
export type Caller = typeof commands;
answer(commands);
