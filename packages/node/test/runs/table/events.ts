import { createMemoryStore, parseCursor } from '@holdopen/runs';
import { expect, test } from 'vitest';
import {
  ask,
  begin,
  eventsOf,
  gate,
  get,
  KEY,
  type Mount,
  openRuns,
  post,
  quietConsole,
  statusOf,
  until,
  untilAlone,
  type Work,
} from '../support/index.js';

/** A GET whose query names its run. */
const byQuery = (request: Request): string | undefined =>
  new URL(request.url).searchParams.get('run') ?? undefined;

const RUN = `/work?run=${KEY}&q=a%20b`;

/** Event streams: ids, and how a client goes on at any of them. */
export function events(mount: Mount): void {
  async function* three() {
    for (const n of [1, 2, 3]) yield `id: own-${n}\ndata: ${n}\n\n`;
  }

  test('an event stream has ids, goes on at any of them, and says when there is no more', async () => {
    let starts = 0;
    const work: Work = (voice) => {
      starts += 1;
      return voice.stream('text/event-stream', three());
    };
    const served = await mount.serve(work, { runs: openRuns() });
    const reply = await ask(served, post());
    expect(reply).toMatchObject({ status: 200, ended: 'complete' });
    expect(reply.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'x-accel-buffering': 'no',
    });
    const { ids, data } = eventsOf(reply.body);
    expect(data).toEqual(['1', '2', '3']);
    expect(ids.map((id) => parseCursor(id)?.ownId)).toEqual([
      ...[undefined, 'own-1', 'own-2', 'own-3'],
      'own-3',
    ]);
    const events = `${statusOf(reply)}/events`;
    const rest = await ask(served, get(events, { 'last-event-id': ids[1] ?? '' }));
    expect(eventsOf(rest.body)).toEqual({ ids: ids.slice(1), data: ['2', '3'] });
    const query = encodeURIComponent(ids[2] ?? '');
    const asked = await ask(served, get(`${events}?last_event_id=${query}`));
    expect(eventsOf(asked.body)).toEqual({ ids: ids.slice(2), data: ['3'] });
    const end = { 'last-event-id': ids[4] ?? '' };
    expect((await ask(served, get(events, end))).status).toBe(204);
    // The same key replays all of them.
    expect((await ask(served, post())).body).toBe(reply.body);
    expect(starts).toBe(1);
  });

  test('a GET that lost its stream goes on at the route that it came from', async () => {
    const go = gate();
    let starts = 0;
    async function* slow() {
      yield 'data: 1\n\n';
      await go.opened;
      yield 'data: 2\n\n';
    }
    const work: Work = (voice) => {
      starts += 1;
      return voice.stream('text/event-stream', slow());
    };
    const served = await mount.serve(work, { runs: openRuns({ key: byQuery }) });
    const client = await begin(served, get(RUN));
    await client.arrived('data: 1\n\n');
    const [, id = ''] = /^id: (ho1.*)\ndata: 1/m.exec(client.body()) ?? [];
    client.leave();
    await untilAlone(served);
    const header = begin(served, get(RUN, { 'last-event-id': id }));
    // Without the key the place alone says which run it is.
    const query = begin(served, get(`/work?last_event_id=${encodeURIComponent(id)}`));
    for (const one of [await header, await query]) await one.arrived(`id: ${id}\n\n`);
    go.open();
    for (const one of [await header, await query]) {
      await one.arrived('data: 2\n\n');
      expect(one.body()).not.toContain('data: 1');
    }
    expect(starts).toBe(1);
  });

  test('an id that is not ours is the handler’s, in the header and in the query', async () => {
    const seen: unknown[] = [];
    const work: Work = (voice) => {
      seen.push([voice.req.headers['last-event-id'], voice.req.url]);
      return voice.json({});
    };
    const served = await mount.serve(work, { runs: openRuns() });
    const path = '/work?last_event_id=8&a=1';
    const reply = await ask(served, get(path, { 'last-event-id': '7' }));
    expect(reply.headers).not.toHaveProperty('holdopen-run');
    expect(seen).toEqual([['7', path]]);
  });

  test('work that starts anew is given the application’s own id, wherever the client named ours', async () => {
    quietConsole();
    const store = createMemoryStore();
    const secret = 'sixteen bytes at least';
    const seen: unknown[] = [];
    const work: Work = (voice) => {
      const { req, hold } = voice;
      const { query } = req as { query?: unknown };
      seen.push([req.headers['last-event-id'], req.url, query]);
      async function* source() {
        yield 'id: own/7\ndata: 7\n\n';
        if (seen.length > 1) return;
        await new Promise((resolve) => hold?.signal.addEventListener('abort', resolve));
      }
      return voice.stream('text/event-stream', source());
    };
    const first = openRuns({ key: byQuery, store, secret });
    const one = await mount.serve(work, { runs: first });
    const client = await begin(one, get(RUN));
    await client.arrived('data: 7\n\n');
    const [, id = ''] = /^id: (ho1.*)\ndata: 7/m.exec(client.body()) ?? [];
    // The process goes, and its keys start the work elsewhere.
    await first.drain({ timeoutMs: 0 });
    const another = openRuns({ key: byQuery, store, secret });
    const two = await mount.serve(work, { runs: another });
    const ours = encodeURIComponent(id);
    const path = `${RUN}&last_event_id=${ours}`;
    const reply = await ask(two, get(path, { 'last-event-id': id }));
    expect(eventsOf(reply.body).data).toContain('7');
    const [, last] = seen as [string, string, Record<string, unknown> | undefined][];
    expect(last?.[0]).toBe('own/7');
    expect(new URLSearchParams(last?.[1].split('?')[1]).get('last_event_id')).toBe('own/7');
    if (last?.[2] !== undefined)
      expect(last[2]).toMatchObject({ last_event_id: 'own/7', q: 'a b' });
    expect(seen).toHaveLength(2);
  });

  test('a stream that breaks off says so in its last event, and does so again', async () => {
    quietConsole();
    let starts = 0;
    async function* breaking() {
      starts += 1;
      yield 'data: 1\n\n';
      throw new Error('a secret');
    }
    const work: Work = (voice) => voice.stream('text/event-stream', breaking());
    const served = await mount.serve(work, { runs: openRuns() });
    const first = await ask(served, post());
    expect(first).toMatchObject({ status: 200, ended: 'complete' });
    expect(first.body).toContain('data: 1\n\n');
    expect(first.body).toContain('event: error\n');
    expect(first.body).not.toContain('secret');
    expect((await ask(served, post())).body).toBe(first.body);
    expect(starts).toBe(1);
  });

  test('what a handler has corked leaves when it is uncorked', async () => {
    const go = gate();
    const work: Work = async (voice) => {
      const res = voice.raw();
      res.writeHead(200, { 'Content-Type': 'text/event-stream' });
      res.cork();
      res.write('data: 1\n\n');
      res.write('data: 2\n\n');
      res.uncork();
      await go.opened;
      res.end('data: 3\n\n');
    };
    const served = await mount.serve(work, { runs: openRuns() });
    const client = await begin(served, post());
    await client.arrived('data: 1\n\n');
    await client.arrived('data: 2\n\n');
    go.open();
    await client.arrived('data: 3\n\n');
    expect(eventsOf((await ask(served, post())).body).data).toEqual(['1', '2', '3']);
  });

  test('the silence of a stream is filled, and without the beats it is what was recorded', async () => {
    const go = gate();
    async function* slow() {
      yield 'data: 1\n\n';
      await go.opened;
      yield 'data: 2\n\n';
    }
    const work: Work = (voice) => voice.stream('text/event-stream', slow());
    const served = await mount.serve(work, { runs: openRuns(), firstBeatMs: 60 });
    const client = await begin(served, post());
    const beats = (): number => client.body().match(/^:/gm)?.length ?? 0;
    await until('there are beats', () => beats() > 2);
    go.open();
    await client.arrived('data: 2\n\n');
    const replay = await ask(served, post());
    const events = eventsOf(replay.body);
    expect(events.data).toEqual(['1', '2']);
    await client.arrived(`id: ${events.ids.at(-1)}\n`);
    expect(client.body().replaceAll(/^:.*\n\n?/gm, '')).toBe(replay.body);
    expect(replay.body).not.toMatch(/^:/m);
  });
}
