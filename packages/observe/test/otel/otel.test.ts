import { createRequire } from 'node:module';
import { createRuns } from '@holdopen/runs';
import { metrics, type Span, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createTelemetry, type TelemetryOptions } from '../../src/otel.js';
import { askForAll, failing, pathOf } from '../support/failures.js';
import { until } from '../support/record.js';
import { ask, serve } from '../support/serve.js';
import { openMetering, openTracing } from './support.js';

function start(options: TelemetryOptions = {}): void {
  const stop = createTelemetry({ route: pathOf, ...options });
  onTestFinished(stop);
}

const eventsOf = ({ events }: ReadableSpan) => events.map(({ name }) => name);

describe('a span that the application began', () => {
  async function spanOf(path: string, options: TelemetryOptions = {}): Promise<ReadableSpan> {
    const { tracer, spans } = openTracing();
    start(options);
    const handler = failing();
    const origin = await serve((req, res) => {
      tracer.startActiveSpan('request', (span: Span) => {
        res.once('close', () => span.end());
        handler(req, res);
      });
    });
    await ask(origin + path);
    await until('the span has ended', () => spans().length === 1);
    return spans()[0] as ReadableSpan;
  }

  test('has the commit as an event, and what came of the hold', async () => {
    const span = await spanOf('/slow');
    expect(eventsOf(span)).toEqual(['holdopen.commit']);
    expect(span.attributes).toMatchObject({
      'holdopen.format': 'json',
      'holdopen.how': 'complete',
      'holdopen.cut': false,
      'holdopen.beats': expect.any(Number),
      'holdopen.duration': expect.any(Number),
    });
    expect(span.attributes['holdopen.duration']).toBeGreaterThan(0.1);
    expect(span.status.code).toBe(SpanStatusCode.UNSET);
  });

  test.each([
    ['/throws', 500, 'handler_error', 'Error', ['holdopen.commit', 'exception']],
    ['/refused', 422, 'error_status', '422', ['holdopen.commit']],
    ['/silent', 504, 'silence', '504', ['holdopen.commit', 'holdopen.silence']],
  ])('is an error if %s fails late, under 200', async (path, status, code, type, events) => {
    const span = await spanOf(path);
    expect(span.status.code).toBe(SpanStatusCode.ERROR);
    expect(span.status.message).toMatch(`late ${status} (${code}) under 200`);
    expect(span.attributes).toMatchObject({
      'holdopen.late_status': status,
      'holdopen.late_code': code,
      'error.type': type,
      'holdopen.how': 'failed',
      'holdopen.cut': true,
    });
    expect(eventsOf(span)).toEqual(events);
  });

  test('is no error for a late success, and untouched by what is quick', async () => {
    const late = await spanOf('/created');
    expect(late.status.code).toBe(SpanStatusCode.UNSET);
    expect(late.attributes['holdopen.late_status']).toBe(201);
  });

  test('says nothing of a response that is quick', async () => {
    const span = await spanOf('/quick');
    expect([span.attributes, span.events]).toEqual([{}, []]);
  });

  test('is left alone where that is wanted', async () => {
    const span = await spanOf('/throws', { spans: false });
    expect([span.attributes, span.status.code]).toEqual([{}, SpanStatusCode.UNSET]);
  });
});

describe('the span of the http instrumentation', () => {
  async function serverSpans(paths: readonly string[]): Promise<readonly ReadableSpan[]> {
    const { provider, spans } = openTracing();
    const instrumentation = new HttpInstrumentation({
      disableOutgoingRequestInstrumentation: true,
    });
    instrumentation.setTracerProvider(provider);
    instrumentation.enable();
    // It patches what is required from now on; the server's prototype is the same for all.
    createRequire(import.meta.url)('node:http');
    onTestFinished(() => instrumentation.disable());
    start();
    const origin = await serve(failing());
    const held = paths.map((path) => ask(origin + path));
    await Promise.all(held);
    const all = () => spans().filter(({ kind }) => kind === SpanKind.SERVER);
    await until('the spans have ended', () => all().length === paths.length);
    return all();
  }

  test('is an error for a late failure, and has the true status', async () => {
    const spans = await serverSpans(['/throws', '/refused', '/silent', '/slow', '/quick']);
    const seen = spans.map(({ attributes, status }) => [
      new URL(String(attributes['http.url'] ?? attributes['url.path']), 'http://x').pathname,
      status.code,
      attributes['http.response.status_code'] ?? attributes['http.status_code'],
      attributes['holdopen.late_status'],
    ]);
    expect(seen.sort()).toEqual([
      ['/quick', SpanStatusCode.UNSET, 200, undefined],
      ['/refused', SpanStatusCode.ERROR, 422, 422],
      ['/silent', SpanStatusCode.ERROR, 504, 504],
      ['/slow', SpanStatusCode.UNSET, 200, undefined],
      ['/throws', SpanStatusCode.ERROR, 500, 500],
    ]);
  });
});

test('a request that starts or joins a run names it on its span', async () => {
  const { tracer, spans } = openTracing();
  start();
  const runs = createRuns({ authorize: () => 'ann' });
  onTestFinished(() => runs.close());
  for (const name of ['first', 'second']) {
    await tracer.startActiveSpan(name, async (span) => {
      const headers = { 'idempotency-key': 'same-key' };
      const request = new Request('http://test.example/work', { method: 'POST', headers });
      await runs.serve(request, () => Response.json({}));
      span.end();
    });
  }
  const [first, second] = spans();
  expect(first && eventsOf(first)).toEqual(['holdopen.run.start']);
  expect(second && eventsOf(second)).toEqual(['holdopen.run.attach']);
  const id = first?.attributes['holdopen.run.id'];
  expect(id).toMatch(/^[\w-]{30,}$/);
  expect(second?.attributes).toMatchObject({ 'holdopen.run.id': id, 'holdopen.run.attempt': 1 });
});

describe('metrics', () => {
  test('are measured with the names of the semantic conventions where there are some', async () => {
    const { points } = openMetering();
    start();
    const origin = await serve(failing());
    let disconnects = 0;
    await askForAll(origin, () => {
      void points().then((all) => {
        disconnects = all.get('holdopen.disconnects')?.points.length ?? 0;
      });
      return disconnects > 0;
    });
    const all = await points();
    expect(all.get('holdopen.late_outcomes')?.points).toContainEqual({
      attributes: {
        'http.request.method': 'GET',
        'http.route': '/refused',
        'http.response.status_code': 422,
        'error.type': 'error_status',
      },
      value: 1,
    });
    expect(all.get('holdopen.late_outcomes')?.points).toContainEqual({
      attributes: {
        'http.request.method': 'GET',
        'http.route': '/created',
        'http.response.status_code': 201,
      },
      value: 1,
    });
    const duration = all.get('holdopen.hold.duration');
    expect(duration?.unit).toBe('s');
    const slow = duration?.points.find(({ attributes }) => attributes['http.route'] === '/slow');
    expect(slow?.attributes).toMatchObject({ 'holdopen.how': 'complete' });
    expect(slow?.value).toMatchObject({
      count: 1,
      buckets: { boundaries: expect.arrayContaining([14_400]) },
    });
    const active = all.get('holdopen.holds.active')?.points.map(({ value }) => value);
    expect(active).toEqual(active?.map(() => 0));
  });

  test('go to a meter that is given, or to none', async () => {
    const { points } = openMetering();
    start({ metrics: false });
    const origin = await serve(failing());
    await ask(`${origin}/slow`);
    expect([...(await points()).keys()]).toEqual([]);
    start({ metrics: metrics.getMeter('own') });
    await ask(`${origin}/slow`);
    expect((await points()).get('holdopen.commits')?.points).toHaveLength(1);
  });
});

test('without an SDK nothing happens', async () => {
  start();
  const origin = await serve(failing());
  expect(await ask(`${origin}/slow`)).toMatch(/\{"done":true\}$/);
});
