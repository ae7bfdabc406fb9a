import { Counter, Gauge, Histogram, type OpenMetricsContentType, Registry } from 'prom-client';
import {
  factsOfMetric,
  type LabelsOf,
  METRIC_KEYS,
  type MetricKey,
  type MetricSink,
} from './catalogue.js';

type Metric = Counter<string> | Gauge<string> | Histogram<string>;

/** Text that Prometheus reads, and its type. */
export interface Exposition {
  readonly contentType: string;
  readonly text: string;
}

/**
 * The metrics in Prometheus's two formats. Each has a registry of its own over the same metrics: one
 * whose type were set for each scrape would mix up two that come at once.
 */
export class PrometheusSink implements MetricSink {
  readonly #plain = new Registry();
  readonly #openMetrics = new Registry<OpenMetricsContentType>();
  readonly #metrics = new Map<MetricKey, Metric>();

  constructor() {
    this.#openMetrics.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
    for (const key of METRIC_KEYS) this.#metrics.set(key, this.#create(key));
  }

  /** For who has metrics of their own: `Registry.merge([own, metrics.registry])`. */
  get registry(): Registry {
    return this.#plain;
  }

  record<Key extends MetricKey>(key: Key, labels: LabelsOf<Key>, value: number): void {
    const metric = this.#metrics.get(key);
    if (metric instanceof Histogram) metric.observe(labels, value);
    else metric?.inc(labels, value);
  }

  async expose(openMetrics: boolean): Promise<Exposition> {
    const registry = openMetrics ? this.#openMetrics : this.#plain;
    return { contentType: registry.contentType, text: await registry.metrics() };
  }

  #create(key: MetricKey): Metric {
    const { kind, help, labels, buckets } = factsOfMetric(key);
    const options = {
      name: prometheusName(key),
      help,
      labelNames: [...labels],
      // Of two types, which prom-client's types do not foresee.
      registers: [this.#plain, this.#openMetrics as unknown as Registry],
    };
    if (kind === 'counter') return new Counter(options);
    if (kind === 'gauge') return new Gauge(options);
    return new Histogram({ ...options, buckets: [...(buckets ?? [])] });
  }
}

/** As the exporters of OpenTelemetry make it, so that the same boards serve both. */
export function prometheusName(key: MetricKey): string {
  const { kind, name, unit } = factsOfMetric(key);
  const suffix = `${unit === 's' ? '_seconds' : ''}${kind === 'counter' ? '_total' : ''}`;
  return name.replaceAll('.', '_') + suffix;
}
