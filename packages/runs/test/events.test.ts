import { afterEach, describe, expect, test, vi } from 'vitest';
import { parseCursor } from '../src/cursor.js';
import type { Runs } from '../src/runs.js';
import { DEFAULT_PAGE_BYTES } from '../src/watch/options.js';
import {
  ask,
  blocksOf,
  eventStream,
  gate,
  KEY,
  openRuns,
  problemOf,
  quiet,
  runOf,
  type SeenEvent,
  serve,
} from './support/desk.js';

afterEach(() => {
  vi.restoreAllMocks();
});

const never = (): Response => {
  throw new Error('started again');
};

/** An EventSource that comes back. */
function comeBack(runs: Runs, id: string, user = 'ann') {
  return serve(runs, ask({ method: 'GET', user, headers: { 'last-event-id': id } }), never);
}

async function eventsOf(answer: Response): Promise<SeenEvent[]> {
  return blocksOf(await answer.text());
}

/** Reads so many blocks, then leaves. */
async function firstBlocks(answer: Response, count: number): Promise<SeenEvent[]> {
  const reader = answer.body?.getReader();
  let text = '';
  while (reader !== undefined && blocksOf(text).length < count) {
    const { done, value } = await reader.read();
    if (done) break;
    text += new TextDecoder().decode(value);
  }
  await reader?.cancel();
  return blocksOf(text).slice(0, count);
}

function ids(events: readonly SeenEvent[]): string[] {
  return events.map(({ id }) => id ?? '');
}

const THREE = ['data: 1\n\n', ': beat\n\ndata: 2\n\n', 'event: n\ndata: 3\ndata: 3b\n\n'];

describe('an event stream', () => {
  test('begins with its place and ends with one that stops an EventSource', async () => {
    const runs = openRuns();
    const answer = await serve(runs, ask({ key: KEY }), () => eventStream(THREE));
    const run = runOf(answer);
    expect(answer.headers.get('content-location')).toBe(`/runs/${run}/events`);
    expect(answer.headers.get('cache-control')).toMatch(/^no-store/);
    expect(answer.headers.get('x-accel-buffering')).toBe('no');
    const events = await eventsOf(answer);
    expect(events.map(({ data }) => data)).toEqual([undefined, '1', '2', '3\n3b', undefined]);
    expect(events[3]?.event).toBe('n');
    expect(events.map(({ id }) => parseCursor(id ?? '')?.offset)).toEqual([0, 1, 2, 3, 4]);
    expect(new Set(events.map(({ id }) => parseCursor(id ?? '')?.run))).toEqual(new Set([run]));
    const last = events.at(-1)?.id ?? '';
    expect(parseCursor(last)?.final).toBe('completed');
    const stopped = await comeBack(runs, last);
    expect([stopped.status, stopped.body]).toEqual([204, null]);
  });

  test('that ends with a retry and no blank line says it before its end', async () => {
    const texts = ['data: 1\n\n', 'data: half\nretry: 9000\n'];
    const answer = await serve(openRuns(), ask({ key: KEY }), () => eventStream(texts));
    expect((await answer.text()).split('\n\n').slice(-3, -2)[0]).toMatch(/^id: .+\nretry: 9000$/);
  });

  test('goes out while the work goes on', async () => {
    const runs = openRuns();
    const writer = gate<ReadableStreamDefaultController<Uint8Array>>();
    const answer = await serve(runs, ask({ key: KEY }), () => {
      const body = new ReadableStream<Uint8Array>({ start: writer.open });
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
    });
    const controller = await writer.opened;
    const reader = answer.body?.getReader();
    const read = async () => new TextDecoder().decode((await reader?.read())?.value);
    expect(await read()).toMatch(/^id: ho1\.\S+\.0\n\n$/);
    controller.enqueue(new TextEncoder().encode('data: one\n\nda'));
    expect(await read()).toMatch(/^id: \S+\.1\ndata: one\n\n$/);
    controller.enqueue(new TextEncoder().encode('ta: two\n\n'));
    expect(await read()).toMatch(/data: two\n\n$/);
    controller.close();
    expect(await read()).toMatch(/^id: \S+\.3c\n\n$/);
    expect((await reader?.read())?.done).toBe(true);
  });

  test('gives each event once, wherever its client had come to', async () => {
    const runs = openRuns();
    const whole = await eventsOf(await serve(runs, ask({ key: KEY }), () => eventStream(THREE)));
    for (let at = 0; at < whole.length - 1; at += 1) {
      const rest = await eventsOf(await comeBack(runs, ids(whole)[at] ?? ''));
      // Its place comes first, so that one who came by the address knows it as well.
      expect(ids(rest)).toEqual(ids(whole).slice(at));
      expect(rest.slice(1)).toEqual(whole.slice(at + 1));
    }
  });

  test('gives each event once to clients that come and go while it is written', async () => {
    const runs = openRuns();
    const encoder = new TextEncoder();
    const all = Array.from({ length: 60 }, (_, i) => `event ${i}`);
    const work = () => {
      let i = 0;
      const body = new ReadableStream<Uint8Array>({
        async pull(controller) {
          if (i % 7 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
          const data = all[i];
          i += 1;
          if (data === undefined) controller.close();
          else controller.enqueue(encoder.encode(`data: ${data}\n\n`));
        },
      });
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
    };
    let answer = await serve(runs, ask({ key: KEY }), work);
    const seen: string[] = [];
    for (let turn = 0; answer.status === 200; turn += 1) {
      const blocks = await firstBlocks(answer, 2 + (turn % 9));
      seen.push(...blocks.flatMap(({ data }) => data ?? []));
      answer = await comeBack(runs, blocks.at(-1)?.id ?? '');
    }
    expect(answer.status).toBe(204);
    expect(seen).toEqual(all);
  });

  test('a post under the same key goes on from its place, too, and starts nothing', async () => {
    const runs = openRuns();
    const whole = await eventsOf(await serve(runs, ask({ key: KEY }), () => eventStream(THREE)));
    const headers = { 'last-event-id': whole[2]?.id ?? '' };
    const rest = await eventsOf(await serve(runs, ask({ key: KEY, headers }), never));
    expect(rest.slice(1)).toEqual(whole.slice(3));
  });

  test('the place can stand in the address, and a newer one in the header counts', async () => {
    const runs = openRuns();
    const whole = await eventsOf(await serve(runs, ask({ key: KEY }), () => eventStream(THREE)));
    const [, one = '', two = ''] = ids(whole);
    const url = `http://test.example/work?last_event_id=${encodeURIComponent(one)}`;
    const byUrl = await serve(runs, ask({ method: 'GET', url }), never);
    expect(ids(await eventsOf(byUrl))).toEqual(ids(whole).slice(1));
    const both = ask({ method: 'GET', url, headers: { 'last-event-id': two } });
    expect(ids(await eventsOf(await serve(runs, both, never)))).toEqual(ids(whole).slice(2));
  });

  test('a place that is not of our shape is the handler’s', async () => {
    const runs = openRuns();
    for (const id of ['17', 'ho1.short.x.1', '', 'ho2.x']) {
      const request = ask({ method: 'GET', headers: { 'last-event-id': id } });
      let seen: Request | undefined;
      await serve(runs, request, (it) => {
        seen = it;
        return new Response();
      });
      expect(seen).toBe(request);
    }
  });

  test('a place of another start, or beyond the end, is said to be lost', async () => {
    const runs = openRuns();
    const whole = await eventsOf(await serve(runs, ask({ key: KEY }), () => eventStream(THREE)));
    const [id = ''] = ids(whole);
    const [wire, run, epoch] = id.split('.');
    for (const lost of [
      `${wire}.${run}.otherepoch0.1`,
      `${wire}.${run}.${epoch}.99`,
      // The tail, without the mark of the end: what stood there may have been something else.
      `${wire}.${run}.${epoch}.4`,
      `${wire}.${run}.${epoch}.4f`,
      `${wire}.${run}.${epoch}.2c`,
    ]) {
      const answer = await comeBack(runs, lost);
      expect([lost, answer.status]).toEqual([lost, 410]);
      expect(await problemOf(answer)).toMatchObject({ code: 'cursor_lost' });
    }
  });

  test('the application’s own ids come with ours, and are its own again when it starts anew', async () => {
    const runs = openRuns();
    let starts = 0;
    const seen: (string | null)[] = [];
    const work = (request: Request) => {
      starts += 1;
      seen.push(request.headers.get('last-event-id'));
      if (starts === 1) {
        const headers = { 'content-type': 'text/event-stream' };
        return new Response('id: 5\ndata: a\n\nid: x y/ü\ndata: b\n\n', { status: 503, headers });
      }
      return eventStream(['data: c\n\n']);
    };
    const first = await eventsOf(await serve(runs, ask({ key: KEY }), work));
    expect(first.map(({ id }) => parseCursor(id ?? '')?.ownId)).toEqual([
      undefined,
      '5',
      'x y/ü',
      'x y/ü',
    ]);
    for (const { id } of first) expect(id).toMatch(/^[\x21-\x7e]{1,256}$/);
    // Released: the key starts anew, and the handler is asked as it was by its own client.
    const headers = { 'last-event-id': first[2]?.id ?? '' };
    await eventsOf(await serve(runs, ask({ key: KEY, headers }), work));
    expect(starts).toBe(2);
    expect(Buffer.from(seen[1] ?? '', 'latin1').toString()).toBe('x y/ü');
  });

  test('broken off by its handler it says so in an event, with the place of its end', async () => {
    quiet();
    const runs = openRuns();
    const work = () => {
      let pulls = 0;
      const body = new ReadableStream({
        pull(controller) {
          pulls += 1;
          if (pulls === 1) controller.enqueue(new TextEncoder().encode('data: 1\n\ndata: half'));
          else controller.error(new Error('secret'));
        },
      });
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
    };
    for (let i = 0; i < 2; i += 1) {
      const events = await eventsOf(await serve(runs, ask({ key: KEY }), work));
      expect(events.map(({ event }) => event)).toEqual([undefined, undefined, 'error']);
      const last = events.at(-1);
      expect(JSON.parse(last?.data ?? '')).toMatchObject({ status: 500, code: 'handler_error' });
      expect(last?.data).not.toContain('secret');
      expect((await comeBack(runs, last?.id ?? '')).status).toBe(204);
    }
  });

  test('one event that is too large fails the run and not the process', async () => {
    quiet();
    const runs = openRuns({ maxEntryBytes: 1_000 });
    const big = `data: ${'x'.repeat(2_000)}\n\n`;
    const answer = await serve(runs, ask({ key: KEY }), () => eventStream(['data: 1\n\n', big]));
    const events = await eventsOf(answer);
    expect(events.map(({ data }) => data?.slice(0, 1))).toEqual([undefined, '1', '{']);
    expect(JSON.parse(events[2]?.data ?? '')).toMatchObject({ code: 'entry_too_large' });
  });

  test('one whose client does not read does not slow the work, nor those who do', async () => {
    const runs = openRuns();
    const texts = Array.from({ length: 3_000 }, (_, i) => `data: ${i} ${'.'.repeat(200)}\n\n`);
    const slow = await serve(runs, ask({ key: KEY }), () => eventStream(texts));
    const fast = await eventsOf(await serve(runs, ask({ key: KEY }), never));
    expect(fast).toHaveLength(3_002);
    // Nothing is lost on the slow one either.
    expect(await eventsOf(slow)).toEqual(fast);
  });

  test('of a run that has ended comes a page at a time, each of whole events, and its end by itself', async () => {
    const runs = openRuns();
    const texts = Array.from({ length: 1_000 }, (_, i) => `data: ${i} ${'.'.repeat(2_000)}\n\n`);
    await (await serve(runs, ask({ key: KEY }), () => eventStream(texts))).text();
    const again = await serve(runs, ask({ key: KEY }), never);
    const chunks: string[] = [];
    for await (const chunk of again.body ?? []) chunks.push(new TextDecoder().decode(chunk));
    expect(chunks.length).toBeLessThan(20);
    for (const chunk of chunks) {
      expect(chunk.endsWith('\n\n')).toBe(true);
      // A page, with an id for each event.
      expect(chunk.length).toBeLessThan(DEFAULT_PAGE_BYTES * 1.1);
    }
    expect(blocksOf(chunks.join('')).map(({ id }) => parseCursor(id ?? '')?.offset)).toEqual(
      Array.from({ length: 1_002 }, (_, i) => i),
    );
    expect(chunks.at(-1)).toMatch(/^id: \S+\.1001c\n\n$/);
  });

  test('is over for the run only when its last events were taken', async () => {
    const runs = openRuns();
    await (await serve(runs, ask({ key: KEY }), () => eventStream(THREE))).text();
    const reader = (await serve(runs, ask({ key: KEY }), never)).body?.getReader();
    await reader?.read();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(runs.context.watching.size).toBe(1);
    await reader?.read();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(runs.context.watching.size).toBe(0);
  });

  test('closing the reader ends the watching and not the work', async () => {
    const runs = openRuns();
    const ended = gate();
    const go = gate();
    let signal: AbortSignal | undefined;
    const answer = await serve(runs, ask({ key: KEY }), (_, info) => {
      signal = info.signal;
      const body = new ReadableStream({
        async start(controller) {
          controller.enqueue(new TextEncoder().encode('data: 1\n\n'));
          await go.opened;
          controller.enqueue(new TextEncoder().encode('data: 2\n\n'));
          controller.close();
          ended.open();
        },
      });
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
    });
    const blocks = await firstBlocks(answer, 2);
    expect(runs.context.feeds.watchers(runOf(answer))).toBe(0);
    go.open();
    await ended.opened;
    expect(signal?.aborted).toBe(false);
    const rest = await eventsOf(await comeBack(runs, blocks[1]?.id ?? ''));
    expect(rest.map(({ data }) => data)).toEqual([undefined, '2', undefined]);
  });
});
