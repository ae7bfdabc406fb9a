// Reads streams from a process of its own, and looks whether all of them came.
import { answer } from '../child.js';
import { checkEvents, checkOffsets, startOfEvent } from './numbered-events.js';
import { type Ask, StreamReader } from './stream-reader.js';

/** How a second consumer says where it was. */
export type Place = 'cursor' | 'characters';

let live: StreamReader | undefined;
let second: StreamReader | undefined;

/** What a consumer that had the events before this one would ask for. */
async function placeBefore(n: number, place: Place, first: Ask, reader: StreamReader) {
  const { text } = reader;
  const at = text.indexOf(`data: ${startOfEvent(n)}`);
  if (place === 'characters') return { port: first.port, path: `${first.path}?skip=${at}` };
  const id = [...text.slice(0, at).matchAll(/^id: (.*)\ndata: /gm)].at(-1)?.[1] ?? '';
  const path = `${await reader.run()}/events`;
  return { port: first.port, path, headers: { 'Last-Event-ID': id } };
}

const commands = {
  /** Reads a stream of `count` numbered events. Gives the milliseconds until the last was there. */
  async events(ask: Ask, count: number): Promise<number> {
    const reader = new StreamReader(ask);
    const lastMs = await reader.until(startOfEvent(count - 1));
    await reader.end();
    checkEvents(reader.text, 0, count);
    if ((await reader.run()) !== undefined) checkOffsets(reader.text, 0);
    return lastMs - reader.startedMs;
  },
  /** The same; gives where its run is. */
  async start(ask: Ask): Promise<string> {
    const reader = new StreamReader(ask);
    await reader.end();
    const run = await reader.run();
    if (run === undefined) throw new Error(`${ask.path} is no run`);
    return run;
  },
  /** Reads something so many times, one after the other. */
  async read(ask: Ask, times: number) {
    let ms = 0;
    let last: StreamReader | undefined;
    for (let i = 0; i < times; i += 1) {
      last = new StreamReader(ask);
      await last.end();
      ms += performance.now() - last.startedMs;
    }
    return { ms: ms / times, bytes: last?.bytes ?? 0, digest: last?.digest ?? '' };
  },
  /** Follows a stream, which pauses in its middle. Gives the milliseconds until all before was there. */
  async follow(ask: Ask, middle: number): Promise<number> {
    live = new StreamReader(ask);
    return (await live.until(startOfEvent(middle - 1))) - live.startedMs;
  },
  /** A second consumer comes, who had the first half of that half. Until it has all that there is. */
  async comeBack(ask: Ask, middle: number, place: Place): Promise<number> {
    if (live === undefined) throw new Error('nobody follows a stream');
    second = new StreamReader(await placeBefore(middle / 2, place, ask, live));
    return (await second.until(startOfEvent(middle - 1))) - second.startedMs;
  },
  /** Until both have the rest. */
  async rest(middle: number, isRun: boolean): Promise<number> {
    if (live === undefined || second === undefined) throw new Error('nobody follows a stream');
    const startMs = performance.now();
    const last = startOfEvent(2 * middle - 1);
    const lastMs = await Promise.all([live.until(last), second.until(last)]);
    await Promise.all([live.end(), second.end()]);
    checkEvents(live.text, 0, 2 * middle);
    checkEvents(second.text, middle / 2, 2 * middle);
    if (isRun) checkOffsets(second.text, middle / 2);
    return Math.max(...lastMs) - startMs;
  },
};
export type StreamClient = typeof commands;
answer(commands);
