import type { HoldEvent, HoldInfo } from '@holdopen/core';
import type { RunEvent } from '@holdopen/runs';
import { isOwnStream } from '../own-streams.js';
import type { RouteLabel, RouteLabels } from '../route.js';
import { watchHolds, watchRuns } from '../watch.js';
import type { MetricSink } from './catalogue.js';

/**
 * Makes measurements of all that happens to holds and runs from now on.
 *
 * @returns a function that ends it
 */
export function measure(sink: MetricSink, labels: RouteLabels): () => void {
  const holds = new HoldMeter(sink, labels);
  const runs = new RunMeter(sink, labels);
  const ends = [watchHolds((event) => holds.take(event)), watchRuns((event) => runs.take(event))];
  return () => {
    for (const end of ends) end();
  };
}

type HoldLabel = RouteLabel & { readonly format: string };

class HoldMeter {
  readonly #sink: MetricSink;
  readonly #labels: RouteLabels;
  /** Those whose start was seen: no other is taken off the active ones at its end. */
  readonly #active = new WeakMap<HoldInfo, HoldLabel>();

  constructor(sink: MetricSink, labels: RouteLabels) {
    this.#sink = sink;
    this.#labels = labels;
  }

  take(event: HoldEvent): void {
    if (event.type === 'untouched') {
      const { reason } = event;
      const route = this.#labels.of(event, event.request);
      this.#sink.record('untouched', { ...route, reason }, 1);
      return;
    }
    const { hold } = event;
    // A live page's stream is no work. One that was held before it was known to be one ends as it began.
    if (isOwnStream(event.request) && !this.#active.has(hold)) return;
    if (event.type === 'start') {
      // It may change on the way, and what is added must be taken off again.
      const label = { ...this.#labels.of(hold, event.request), format: formatOf(hold) };
      this.#active.set(hold, label);
      this.#sink.record('activeHolds', label, 1);
      this.#sink.record('holds', label, 1);
      return;
    }
    const { method, route } = this.#active.get(hold) ?? this.#labels.of(hold, event.request);
    this.#measure(event, { method, route });
  }

  #measure(event: Exclude<HoldEvent, { type: 'untouched' | 'start' }>, label: RouteLabel): void {
    const sink = this.#sink;
    switch (event.type) {
      case 'commit':
        sink.record('commits', label, 1);
        break;
      case 'beat':
        sink.record('beats', label, 1);
        break;
      case 'beat-dropped':
        sink.record('droppedBeats', label, 1);
        break;
      case 'disconnect':
        if (isOwnStream(event.request)) break;
        sink.record('disconnects', label, 1);
        break;
      case 'silence':
        sink.record('silences', label, 1);
        break;
      case 'late-header-dropped': {
        const kind = event.header === 'set-cookie' ? 'cookie' : 'header';
        sink.record('droppedHeaders', { ...label, kind, reason: event.reason }, 1);
        break;
      }
      case 'late-outcome': {
        const { outcome } = event;
        const code = outcome.ok ? '' : outcome.code;
        sink.record('lateOutcomes', { ...label, status: String(outcome.status), code }, 1);
        break;
      }
      case 'end': {
        const { hold, how, heldMs, cut } = event;
        const active = this.#active.get(hold);
        if (active !== undefined) sink.record('activeHolds', active, -1);
        this.#active.delete(hold);
        if (cut) sink.record('cuts', label, 1);
        sink.record('holdDuration', { ...label, how }, heldMs / 1_000);
        break;
      }
    }
  }
}

const FORMATS: ReadonlySet<string> = new Set(['json', 'sse', 'ndjson', 'json-seq']);

/** The user's own may have any name. */
function formatOf({ format }: HoldInfo): string {
  return FORMATS.has(format) ? format : 'own';
}

class RunMeter {
  readonly #sink: MetricSink;
  readonly #labels: RouteLabels;
  /** By their owners, each of which is one start. */
  readonly #active = new Map<string, string>();

  constructor(sink: MetricSink, labels: RouteLabels) {
    this.#sink = sink;
    this.#labels = labels;
  }

  take(event: RunEvent): void {
    const sink = this.#sink;
    switch (event.type) {
      case 'run-store-failure': {
        const { operation, code } = event;
        sink.record('storeFailures', { operation, code }, 1);
        break;
      }
      case 'run-renew':
        sink.record('renewalLag', {}, event.lagMs / 1_000);
        break;
      case 'run-append':
        sink.record('appendLag', {}, event.lagMs / 1_000);
        break;
      default:
        this.#measure(event);
    }
  }

  #measure(
    event: Exclude<RunEvent, { type: `run-${'store-failure' | 'renew' | 'append'}` }>,
  ): void {
    const sink = this.#sink;
    const { run } = event;
    const route = this.#labels.named(run.route);
    switch (event.type) {
      case 'run-start': {
        this.#active.set(run.owner, route);
        sink.record('activeRuns', { route }, 1);
        const attempt = run.attempt === 1 ? 'first' : 'again';
        sink.record('runsStarted', { route, attempt }, 1);
        break;
      }
      case 'run-attach':
        sink.record('attaches', { route, state: event.state }, 1);
        break;
      case 'run-resume':
        sink.record('resumes', { route, state: event.state }, 1);
        break;
      case 'run-lost':
        sink.record('runsLost', { route, by: event.by }, 1);
        break;
      case 'run-end': {
        const { state, code = '', ranMs } = event;
        const active = this.#active.get(run.owner);
        if (active !== undefined) sink.record('activeRuns', { route: active }, -1);
        this.#active.delete(run.owner);
        sink.record('runsEnded', { route, state, code }, 1);
        sink.record('runDuration', { route, state }, ranMs / 1_000);
        break;
      }
    }
  }
}
