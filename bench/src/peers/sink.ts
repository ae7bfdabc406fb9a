import { once } from 'node:events';
import type { ServerResponse } from 'node:http';

/** Where a handler's events go: a response, by whichever way is compared. */
export interface Sink {
  send(data: string): unknown;
  end(): void;
}

const EVENT_STREAM = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-store, no-transform',
  'X-Accel-Buffering': 'no',
};
export const BEAT = ': keepalive\n\n';

/** The same texts for all, ready-made: what JSON costs is no part of the comparison. */
export const DATA = Array.from({ length: 64 }, (_, i) => `{"n":${i},"text":"some words"}`);

/** The floor: nothing but `res.write`. */
export function bareSink(res: ServerResponse): Sink {
  res.writeHead(200, EVENT_STREAM);
  return {
    send: (data) => res.write(`data: ${data}\n\n`),
    end: () => void res.end(),
  };
}

/** Sends so many events and ends. Waits where the client is slow, which not all of them do by themselves. */
export async function sendAll(sink: Sink, count: number, res: ServerResponse): Promise<void> {
  for (let i = 0; i < count; i++) {
    sink.send(DATA[i & 63] as string);
    if (res.writableNeedDrain) await once(res, 'drain');
  }
  sink.end();
}

/** How many events a request asks for: `/3`. None of `/idle`, which never ends. */
export function eventsAsked(url: string | undefined): number | undefined {
  const count = Number(url?.slice(1));
  return Number.isInteger(count) ? count : undefined;
}
