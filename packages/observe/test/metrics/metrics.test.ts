import { createRuns } from '@holdopen/runs';
import { expect, onTestFinished, test } from 'vitest';
import { createMetrics, type Metrics } from '../../src/index.js';
import { METRIC_KEYS } from '../../src/metrics/catalogue.js';
import { prometheusName } from '../../src/metrics/prometheus.js';
import { askForAll, failing, pathOf } from '../support/failures.js';
import { recordHolds, until } from '../support/record.js';
import { serve } from '../support/serve.js';

function open(options: Parameters<typeof createMetrics>[0] = { route: pathOf }): Metrics {
  const metrics = createMetrics(options);
  onTestFinished(() => metrics.stop());
  return metrics;
}

/** The samples of a metric, without its name; sorted. */
async function samples(metrics: Metrics, name: string): Promise<string[]> {
  const lines = (await metrics.metricsText()).split('\n');
  return lines
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .map((line) => line.slice(name.length))
    .sort();
}

async function sum(metrics: Metrics, name: string): Promise<number> {
  const all = await samples(metrics, name);
  return all.reduce((total, line) => total + Number(line.split(' ').at(-1)), 0);
}

test('everything that happens to holds is counted under its method and route', async () => {
  const metrics = open();
  const origin = await serve(failing());
  const text = () => metrics.metricsText();
  let isLeft = false;
  await askForAll(origin, () => {
    void text().then((now) => {
      isLeft = now.includes('holdopen_disconnects_total{');
    });
    return isLeft;
  });
  const of = (name: string) => samples(metrics, `holdopen_${name}`);
  expect(await of('commits_total')).toEqual(
    ['created', 'left', 'refused', 'silent', 'slow', 'throws'].map(
      (path) => `{method="GET",route="/${path}"} 1`,
    ),
  );
  expect(await of('late_outcomes_total')).toEqual([
    '{method="GET",route="/created",status="201",code=""} 1',
    '{method="GET",route="/refused",status="422",code="error_status"} 1',
    '{method="GET",route="/silent",status="504",code="silence"} 1',
    '{method="GET",route="/throws",status="500",code="handler_error"} 1',
  ]);
  expect(await of('late_headers_dropped_total')).toEqual([
    '{method="GET",route="/created",kind="cookie",reason="unlisted"} 1',
    '{method="GET",route="/created",kind="header",reason="unlisted"} 1',
  ]);
  expect(await of('cuts_total')).toEqual(
    ['refused', 'silent', 'throws'].map((path) => `{method="GET",route="/${path}"} 1`),
  );
  expect(await of('disconnects_total')).toEqual(['{method="GET",route="/left"} 1']);
  expect(await of('silences_total')).toEqual(['{method="GET",route="/silent"} 1']);
  expect(await of('untouched_total')).toEqual(['{method="GET",route="/picture",reason="type"} 1']);
  expect(await of('holds_total')).toContain('{method="GET",route="/stream",format="sse"} 1');
  expect(await sum(metrics, 'holdopen_holds_total')).toBe(7);
  expect(await sum(metrics, 'holdopen_beats_total')).toBeGreaterThan(6);
  expect(await sum(metrics, 'holdopen_holds_active')).toBe(0);
  expect(await sum(metrics, 'holdopen_hold_duration_seconds_count')).toBe(7);
  expect(await text()).not.toMatch(/quick|ann|secret/);
});

test('active holds are those that go on, and no others are taken off them', async () => {
  const origin = await serve(failing());
  const events = recordHolds();
  const isHeld = (count: number) => () =>
    events.filter(({ type }) => type === 'commit').length === count;
  const before = fetch(`${origin}/slow`);
  await until('it is held', isHeld(1));
  const metrics = open();
  await (await before).text();
  expect(await samples(metrics, 'holdopen_holds_active')).toEqual([]);
  const during = fetch(`${origin}/slow`);
  await until('it is held', isHeld(2));
  const active = await samples(metrics, 'holdopen_holds_active');
  expect(active).toEqual(['{method="GET",route="/slow",format="json"} 1']);
  await (await during).text();
  expect(await sum(metrics, 'holdopen_holds_active')).toBe(0);
});

test('the times of holds have buckets up to hours', async () => {
  const metrics = open();
  const origin = await serve(failing());
  await (await fetch(`${origin}/slow`)).text();
  const buckets = await samples(metrics, 'holdopen_hold_duration_seconds_bucket');
  expect(buckets).toContain('{le="1",method="GET",route="/slow",how="complete"} 1');
  expect(buckets).toContain('{le="14400",method="GET",route="/slow",how="complete"} 1');
});

test('runs are counted by what happened to them', async () => {
  const metrics = open();
  const runs = createRuns({ authorize: () => 'ann' });
  onTestFinished(() => runs.close());
  const key = (name: string) => ({ method: 'POST', headers: { 'idempotency-key': name } });
  const post = (name: string, work: () => Response | Promise<Response>) => {
    const request = new Request('http://test.example/work/7', key(name));
    return runs.serve(request, work, { route: 'POST /work/:id' });
  };
  let finish: (response: Response) => void = () => {};
  const slow = post('slow', () => new Promise((resolve) => (finish = resolve)));
  await until('it is begun', () => finish.length === 1);
  expect(await samples(metrics, 'holdopen_runs_active')).toEqual(['{route="/work/:id"} 1']);
  const joined = post('slow', () => Response.error());
  const attaches = () => samples(metrics, 'holdopen_run_attaches_total');
  await expect.poll(attaches).toEqual(['{route="/work/:id",state="running"} 1']);
  finish(Response.json({}));
  await Promise.all([slow, joined]);
  await post('again', () => new Response('', { status: 503 }));
  await post('again', () => Response.json({}));
  await runs.fetch(new Request('http://test.example/runs/none/events'));
  expect(await samples(metrics, 'holdopen_runs_started_total')).toEqual([
    '{route="/work/:id",attempt="again"} 1',
    '{route="/work/:id",attempt="first"} 2',
  ]);
  expect(await samples(metrics, 'holdopen_runs_ended_total')).toEqual([
    '{route="/work/:id",state="completed",code=""} 2',
    '{route="/work/:id",state="released",code=""} 1',
  ]);
  expect(await sum(metrics, 'holdopen_runs_active')).toBe(0);
  expect(await sum(metrics, 'holdopen_run_append_lag_seconds_count')).toBeGreaterThan(0);
});

test('no client can make ever more series', async () => {
  const metrics = open({ route: (request) => (request as { url: string }).url, maxRoutes: 3 });
  const origin = await serve(failing());
  await Promise.all(
    Array.from({ length: 10 }, (_, n) => fetch(`${origin}/slow?${n}`).then((it) => it.text())),
  );
  const commits = await samples(metrics, 'holdopen_commits_total');
  expect(commits).toHaveLength(4);
  expect(commits).toContain('{method="GET",route="other"} 7');
});

test('two that count do not meet, and one that has stopped counts no more', async () => {
  const [first, second] = [open(), open()];
  const origin = await serve(failing());
  await (await fetch(`${origin}/slow`)).text();
  first.stop();
  await (await fetch(`${origin}/slow`)).text();
  expect(await sum(first, 'holdopen_commits_total')).toBe(1);
  expect(await sum(second, 'holdopen_commits_total')).toBe(2);
});

test('every metric has a name of its own, and help', async () => {
  const names = METRIC_KEYS.map(prometheusName);
  expect(new Set(names).size).toBe(names.length);
  const text = await open().metricsText();
  for (const name of names) expect(text).toContain(`# HELP ${name} `);
});
