import { describe, expect, test, vi } from 'vitest';
import { parseCursor } from '../src/cursor.js';
import { describeRun } from '../src/describe.js';
import { createMemoryStore } from '../src/memory/create.js';
import type { Runs } from '../src/runs.js';
import { ask, eventStream, gate, KEY, openRuns, quiet, runOf, serve } from './support/desk.js';

async function described(runs: Runs, run: string) {
  const record = await runs.context.store.get(run);
  if (record === undefined) throw new Error('no run');
  return describeRun(runs.context, record);
}

describe('the description of a run', () => {
  test('while it goes on, with who watches it', async () => {
    const runs = openRuns({ basePath: '/api/runs/' });
    const go = gate();
    let id = '';
    const answer = serve(runs, ask({ key: KEY }), async (_, info) => {
      id = info.id ?? '';
      await go.opened;
      return new Response('x', { status: 201 });
    });
    await vi.waitFor(() => expect(runs.context.feeds.watchers(id)).toBe(1));
    const seen = await described(runs, id);
    expect(seen).toMatchObject({
      id,
      state: 'running',
      attempt: 1,
      watchers: 1,
      events: `/api/runs/${id}/events`,
      result: `/api/runs/${id}/result`,
    });
    expect(seen).not.toHaveProperty('status');
    // By the clock on the wall, wherever the store's clock began.
    expect(Math.abs(Date.parse(seen.startedAt) - Date.now())).toBeLessThan(5_000);
    go.open();
    await (await answer).text();
    const after = await described(runs, id);
    expect(after).toMatchObject({ state: 'completed', status: 201, watchers: 0 });
    expect(after).not.toHaveProperty('events');
    expect(Date.parse(after.settledAt ?? '')).toBeGreaterThanOrEqual(Date.parse(seen.startedAt));
    expect(Date.parse(after.expiresAt) - Date.now()).toBeGreaterThan(500_000);
    expect(parseCursor(after.cursor)).toMatchObject({ offset: 2, final: 'completed' });
  });

  test('says why there is no result, though an event stream had begun with 200', async () => {
    quiet();
    const codec = { seal: (bytes: Uint8Array) => bytes, open: (bytes: Uint8Array) => bytes };
    const runs = openRuns({ codec, maxEntryBytes: 100 });
    const big = `data: ${'x'.repeat(200)}\n\n`;
    const answer = await serve(runs, ask({ key: KEY }), () => eventStream(['data: 1\n\n', big]));
    await answer.text();
    const seen = await described(runs, runOf(answer));
    expect(seen).toMatchObject({ state: 'failed', status: 500, code: 'entry_too_large' });
    expect(seen).not.toHaveProperty('result');
    vi.restoreAllMocks();
  });

  test('leaves out what its process cannot open, and hides no other run for that', async () => {
    quiet();
    const warning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const store = createMemoryStore();
    const secret = 'a secret of 16 bytes';
    const flip = (bytes: Uint8Array) => bytes.map((byte) => byte ^ 255);
    const newer = openRuns({ store, secret, codec: { seal: flip, open: flip } });
    const older = openRuns({
      store,
      secret,
      codec: {
        seal: (bytes) => bytes,
        open: () => {
          throw new Error('no such key');
        },
      },
    });
    const go = gate();
    const begun = async () => {
      async function* events() {
        yield new TextEncoder().encode('data: 1\n\n');
        await go.opened;
      }
      const headers = { 'content-type': 'text/event-stream' };
      return new Response(ReadableStream.from(events()), { headers });
    };
    const waiting = async () => {
      await go.opened;
      return new Response('x');
    };
    const sealed = await serve(newer, ask({ key: 'sealed' }), begun);
    const run = runOf(sealed);
    const other = serve(older, ask({ key: 'other' }), waiting);
    await vi.waitFor(async () => expect(await newer.list('ann')).toHaveLength(2));
    const get = (path: string) => ask({ method: 'GET', url: `http://test.example${path}` });
    const { runs } = (await (await older.fetch(get('/runs'))).json()) as { runs: object[] };
    expect(runs).toHaveLength(2);
    expect(runs[0]).toMatchObject({ id: run, state: 'running', code: 'corrupt_entry' });
    expect(runs[1]).not.toHaveProperty('code');
    const status = await older.fetch(get(`/runs/${run}`));
    expect(status.status).toBe(200);
    expect(await status.json()).toMatchObject({ id: run, state: 'running', code: 'corrupt_entry' });
    go.open();
    await Promise.all([sealed.text(), other]);
    const ended = await older.fetch(get(`/runs/${run}`));
    expect(await ended.json()).toMatchObject({ state: 'completed', code: 'corrupt_entry' });
    expect(warning).toHaveBeenCalledTimes(1);
    vi.restoreAllMocks();
  });
});
