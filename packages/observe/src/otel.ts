import { type Meter, metrics } from '@opentelemetry/api';
import { measure } from './metrics/measure.js';
import { OpenTelemetrySink } from './otel/metric-sink.js';
import { markSpans } from './otel/spans.js';
import { RouteLabels, type RouteLabelsOptions } from './route.js';

export interface TelemetryOptions extends RouteLabelsOptions {
  /**
   * Measures holds and runs, as `createMetrics` does for Prometheus. A meter, if it should not be that of
   * the global provider.
   * @default true
   */
  readonly metrics?: boolean | Meter | undefined;
  /**
   * Marks the span that is active for a request: a late failure under 200 is an error there, and the
   * commit an event.
   * @default true
   */
  readonly spans?: boolean | undefined;
}

/**
 * Tells OpenTelemetry of all holds and runs of this process from now on: metrics, and marks on spans that
 * others have begun. It begins none. Call it once, when the SDK is there.
 *
 * @returns a function that ends it
 * @throws TypeError if an option is wrong; its message says what to give
 * @example
 * import { createTelemetry } from '@holdopen/observe/otel';
 * createTelemetry();
 */
export function createTelemetry(options: TelemetryOptions = {}): () => void {
  const { metrics: measured = true, spans = true } = options;
  const labels = new RouteLabels(options);
  const ends: (() => void)[] = [];
  if (measured !== false) {
    const meter = measured === true ? metrics.getMeter('@holdopen/observe') : measured;
    ends.push(measure(new OpenTelemetrySink(meter), labels));
  }
  if (spans) ends.push(markSpans());
  return () => {
    for (const end of ends) end();
  };
}
