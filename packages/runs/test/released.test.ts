import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  ask,
  blocksOf,
  eventStream,
  KEY,
  openRuns,
  problemOf,
  runOf,
  serve,
} from './support/desk.js';
import { never, watch, world } from './support/world.js';

afterEach(() => {
  vi.restoreAllMocks();
});

const events = (run: string, id?: string) =>
  ask({
    method: 'GET',
    url: `http://test.example/runs/${run}/events`,
    headers: id === undefined ? {} : { 'last-event-id': id },
  });

/** An event stream that is given up in its middle, and what its client saw. */
async function givenUp() {
  const runs = openRuns({ key: (request) => new URL(request.url).searchParams.get('k') ?? '' });
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode('data: 1\n\n')),
  });
  const headers = { 'content-type': 'text/event-stream' };
  const answer = await serve(runs, ask({ key: KEY }), () => new Response(body, { headers }));
  const text = answer.text();
  await runs.drain({ timeoutMs: 20 });
  const last = blocksOf(await text).at(-1);
  return { runs, run: runOf(answer), last, id: last?.id ?? '' };
}

describe('a client that comes back with the end of a run that was given up', () => {
  test('is told so, and not that all is done', async () => {
    const { runs, run, last, id } = await givenUp();
    expect(last?.event).toBe('error');
    const bare = ask({ method: 'GET', headers: { 'last-event-id': id } });
    for (const answer of [await runs.fetch(events(run, id)), await serve(runs, bare, never)]) {
      expect(answer.headers.has('retry-after')).toBe(true);
      expect(await problemOf(answer)).toMatchObject({ status: 503, code: 'drained', run });
    }
  });

  test('is still told so when its output was removed', async () => {
    const { runs, run, id } = await givenUp();
    await runs.fetch(ask({ method: 'DELETE', url: `http://test.example/runs/${run}?purge` }));
    const answer = await runs.fetch(events(run, id));
    expect(await problemOf(answer)).toMatchObject({ status: 503, code: 'released' });
  });

  test('is told the handler’s status where that gave the key back', async () => {
    const runs = openRuns();
    const answer = await serve(runs, ask({ key: KEY }), () => {
      const { body, headers } = eventStream(['data: later\n\n']);
      return new Response(body, { status: 429, headers });
    });
    const id = blocksOf(await answer.text()).at(-1)?.id;
    const back = await runs.fetch(events(runOf(answer), id));
    expect(await problemOf(back)).toMatchObject({ status: 429, code: 'released' });
  });
});

test('a claim that was given back says that nothing was begun, and nobody shut down', async () => {
  const { clock, net, runs } = world();
  net.fate = (method) => (method === 'claim' ? 'unanswered' : 'pass');
  const first = watch(serve(runs, ask({ key: KEY }), never));
  await clock.pass(4_900);
  net.fate = (method) => (method === 'settle' || method === 'claim' ? 'unsent' : 'pass');
  await clock.pass(200);
  expect(first.value?.status).toBe(503);
  const [record] = await runs.list('ann');
  const second = watch(runs.fetch(events(record?.id ?? '')));
  await clock.pass(100);
  net.fate = () => 'pass';
  await clock.pass(3_000);
  const last = blocksOf((await second.value?.text()) ?? '').at(-1);
  expect(last?.event).toBe('error');
  expect(JSON.parse(last?.data ?? '')).toMatchObject({ status: 503, code: 'not_started' });
  const back = watch(runs.fetch(events(record?.id ?? '', last?.id)));
  await clock.pass(100);
  expect(back.value && (await problemOf(back.value)).code).toBe('not_started');
});
