// By the real Prometheus, which is as strict as whoever will scrape it.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import { Counter, Registry } from 'prom-client';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../../../test/support/program.js';
import { createMetrics } from '../../src/index.js';
import { METRIC_KEYS } from '../../src/metrics/catalogue.js';
import { prometheusName } from '../../src/metrics/prometheus.js';
import { failing, pathOf } from '../support/failures.js';
import { ask, listening, serve } from '../support/serve.js';

const OPEN = 'application/openmetrics-text';
const docs = readFileSync(
  fileURLToPath(new URL('../../../../docs/observe.md', import.meta.url)),
  'utf8',
);

/** Metrics with something in them, and where they are scraped. */
async function measured() {
  const metrics = createMetrics({ route: pathOf });
  onTestFinished(() => metrics.stop());
  const origin = await serve(failing());
  await Promise.all(['/slow', '/throws', '/created'].map((path) => ask(origin + path)));
  return { metrics, url: `${await serve(metrics.handler)}/metrics` };
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'observe-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true, maxRetries: 5 }));
  return path;
}

test('each scraper gets the format that it asks for, over Node and over fetch', async () => {
  const { metrics, url } = await measured();
  const plain = 'text/plain; version=0.0.4; charset=utf-8';
  const open = `${OPEN}; version=1.0.0; charset=utf-8`;
  const asked: [accept: string | undefined, type: string][] = [
    [undefined, plain],
    ['*/*', plain],
    ['text/plain;version=0.0.4', plain],
    [
      `${OPEN};version=1.0.0,${OPEN};version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1`,
      open,
    ],
    [`${OPEN};version=0.0.1,text/plain;q=0.5`, plain],
    [`${OPEN}; version=1.0.0; q=0.3, text/plain; q=0.6`, plain],
    [`${OPEN};q=0`, plain],
  ];
  for (const [accept, type] of asked) {
    const headers: Record<string, string> = accept === undefined ? {} : { accept };
    for (const answer of [
      await fetch(url, { headers }),
      await metrics.fetch(new Request(url, { headers })),
    ]) {
      expect([accept, answer.headers.get('content-type')]).toEqual([accept, type]);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect((await answer.text()).endsWith('# EOF\n')).toBe(type === open);
    }
  }
});

test('it is mounted in each framework as the docs say', async () => {
  const { metrics } = await measured();
  const inFastify = fastify();
  inFastify.get('/metrics', (request, reply) => {
    reply.hijack();
    metrics.handler(request.raw, reply.raw);
  });
  await inFastify.ready();
  const origins = [
    await serve(express().get('/metrics', metrics.handler)),
    await listening(inFastify.server),
  ];
  const inHono = new Hono().get('/metrics', (c) => metrics.fetch(c.req.raw));
  const answers = [
    ...(await Promise.all(origins.map((origin) => fetch(`${origin}/metrics`)))),
    await inHono.request('/metrics'),
  ];
  for (const answer of answers) {
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('holdopen_commits_total{');
  }
});

test('a registry of the application can take them in', async () => {
  const { metrics } = await measured();
  const own = new Registry();
  new Counter({ name: 'own_total', help: 'Own.', registers: [own] }).inc();
  const text = await Registry.merge([own, metrics.registry]).metrics();
  expect(text).toMatch(/own_total 1[\s\S]*holdopen_commits_total\{/);
});

test('only GET and HEAD are answered', async () => {
  const { metrics, url } = await measured();
  for (const answer of [
    await fetch(url, { method: 'POST' }),
    await metrics.fetch(new Request(url, { method: 'POST' })),
  ]) {
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  }
  for (const answer of [
    await fetch(url, { method: 'HEAD' }),
    await metrics.fetch(new Request(url, { method: 'HEAD' })),
  ]) {
    expect([answer.status, await answer.text()]).toEqual([200, '']);
  }
});

test('who answers a scrape before it is done, as a time-out does, ends no process', async () => {
  const rejected: unknown[] = [];
  const onRejection = (error: unknown): void => void rejected.push(error);
  process.on('unhandledRejection', onRejection);
  onTestFinished(() => void process.off('unhandledRejection', onRejection));
  const metrics = createMetrics();
  onTestFinished(() => metrics.stop());
  const url = await serve((req, res) => {
    metrics.handler(req, res);
    res.writeHead(503).end('time is up');
  });
  expect((await fetch(url)).status).toBe(503);
  await metrics.metricsText();
  await new Promise((resolve) => setImmediate(resolve));
  expect(rejected).toEqual([]);
});

test('promtool finds nothing wrong with the text', async () => {
  const { metrics } = await measured();
  const input = await metrics.metricsText();
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
    input,
    encoding: 'utf8',
  });
  expect([status, stdout, stderr]).toEqual([0, '', '']);
});

test('the alerts of the docs are rules that Prometheus takes, on metrics that there are', () => {
  const [, rules = ''] = /```yaml\n(groups:[\s\S]*?)```/.exec(docs) ?? [];
  const file = join(folder(), 'rules.yml');
  writeFileSync(file, rules);
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'rules', file], {
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/SUCCESS: \d+ rules found/);
  const known = new Set(METRIC_KEYS.map(prometheusName));
  const used = rules.match(/\bholdopen_\w+/g) ?? [];
  for (const name of used) expect(known).toContain(name.replace(/_(bucket|sum|count)$/, ''));
});

test('the docs have every metric', () => {
  for (const key of METRIC_KEYS) expect(docs).toContain(`\`${prometheusName(key)}\``);
});

test('a real Prometheus scrapes it and has what was counted', async () => {
  const { url } = await measured();
  const { host } = new URL(url);
  const home = folder();
  const port = await freePort();
  writeFileSync(
    join(home, 'prometheus.yml'),
    `global: { scrape_interval: 1s }\nscrape_configs:\n  - job_name: app\n    static_configs: [{ targets: ['${host}'] }]\n`,
  );
  const prometheus = spawn(
    'prometheus',
    [
      `--config.file=${home}/prometheus.yml`,
      `--storage.tsdb.path=${home}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  );
  const ended = new Promise((resolve) => prometheus.once('exit', resolve));
  onTestFinished(async () => {
    prometheus.kill('SIGKILL');
    await ended;
  });
  const query = async (expression: string): Promise<string | undefined> => {
    const at = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expression)}`;
    const answer = await fetch(at).catch(() => undefined);
    if (answer?.ok !== true) return undefined;
    const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } };
    return data.result[0]?.value[1];
  };
  await expect.poll(() => query('up{job="app"}'), { timeout: 25_000, interval: 200 }).toBe('1');
  expect(await query('sum(holdopen_commits_total)')).toBe('3');
  expect(await query('sum(holdopen_late_outcomes_total{status="500"})')).toBe('1');
  expect(await query('sum(holdopen_hold_duration_seconds_bucket{le="+Inf"})')).toBe('3');
}, 60_000);
