import type { Attributes, Meter } from '@opentelemetry/api';
import {
  factsOfMetric,
  type LabelsOf,
  METRIC_KEYS,
  type MetricKey,
  type MetricSink,
} from '../metrics/catalogue.js';

/** Names that OpenTelemetry's semantic conventions have for what we label; others are our own. */
const CONVENTIONS: Readonly<Record<string, string>> = {
  method: 'http.request.method',
  route: 'http.route',
  status: 'http.response.status_code',
  code: 'error.type',
};

type Recording = (value: number, attributes: Attributes) => void;

/** The metrics as instruments of a meter. */
export class OpenTelemetrySink implements MetricSink {
  readonly #records = new Map<MetricKey, Recording>();

  constructor(meter: Meter) {
    for (const key of METRIC_KEYS) this.#records.set(key, instrument(meter, key));
  }

  record<Key extends MetricKey>(key: Key, labels: LabelsOf<Key>, value: number): void {
    const attributes: Attributes = {};
    for (const [label, text] of Object.entries<string>(labels)) {
      // What failed has a type; what did not has none.
      if (text === '') continue;
      attributes[CONVENTIONS[label] ?? `holdopen.${label}`] =
        label === 'status' ? Number(text) : text;
    }
    this.#records.get(key)?.(value, attributes);
  }
}

function instrument(meter: Meter, key: MetricKey): Recording {
  const { kind, name, unit, help: description, buckets } = factsOfMetric(key);
  if (kind === 'histogram') {
    const advice = { explicitBucketBoundaries: [...(buckets ?? [])] };
    const histogram = meter.createHistogram(name, { unit, description, advice });
    return (value, attributes) => histogram.record(value, attributes);
  }
  const counter =
    kind === 'counter'
      ? meter.createCounter(name, { unit, description })
      : meter.createUpDownCounter(name, { unit, description });
  return (value, attributes) => counter.add(value, attributes);
}
