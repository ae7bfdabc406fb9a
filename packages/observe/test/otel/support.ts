// The real SDK, with what it exports kept in memory.
import { context, metrics, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { onTestFinished } from 'vitest';

export function openTracing() {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(provider);
  onTestFinished(async () => {
    context.disable();
    trace.disable();
    await provider.shutdown();
  });
  const spans = (): readonly ReadableSpan[] => exporter.getFinishedSpans();
  return { provider, tracer: provider.getTracer('test'), spans };
}

export interface Point {
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly value: unknown;
}

export function openMetering() {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ readers: [reader] });
  metrics.setGlobalMeterProvider(provider);
  onTestFinished(async () => {
    metrics.disable();
    await provider.shutdown();
  });
  return {
    /** What was measured so far, by name of the metric. */
    async points(): Promise<Map<string, { unit: string; points: readonly Point[] }>> {
      exporter.reset();
      await reader.forceFlush();
      const all = exporter
        .getMetrics()
        .flatMap(({ scopeMetrics }) => scopeMetrics)
        .flatMap((scope) => scope.metrics);
      return new Map(
        all.map(({ descriptor: { name, unit }, dataPoints }) => [
          name,
          { unit, points: dataPoints.map(({ attributes, value }) => ({ attributes, value })) },
        ]),
      );
    },
  };
}
