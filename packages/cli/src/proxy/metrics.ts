import { registry } from '@holdopen/node';
import type { Exchange } from './exchange.js';

/** What has been counted of a proxy since it began. */
export class ProxyMetrics {
  readonly #answers = new Counter('route', 'status');
  readonly #failures = new Counter('reason');
  readonly #refused = new Counter('reason');
  readonly #late = new Counter('route', 'status');
  readonly #dropped = new Counter('header');
  #left = 0;

  ended({ route = '', status, failure, refused, left, held }: Exchange): void {
    if (left) this.#left += 1;
    if (status !== undefined) this.#answers.add(route, String(status));
    if (failure !== undefined) this.#failures.add(failure);
    if (refused !== undefined) this.#refused.add(refused);
    if (held?.lateStatus !== undefined) this.#late.add(route, String(held.lateStatus));
    for (const header of held?.droppedHeaders ?? []) this.#dropped.add(header);
  }

  /** In the text format of Prometheus. Holds are the engine's own counts, of the whole process. */
  text(active: number, tunnels: number): string {
    const { counters: holds, occupied } = registry;
    return [
      gauge('holdopen_proxy_active', 'Answers under way.', active),
      gauge('holdopen_proxy_tunnels', 'Connections that have changed their protocol.', tunnels),
      this.#answers.text('holdopen_proxy_answers_total', 'Answers by route and true status.'),
      this.#failures.text(
        'holdopen_proxy_upstream_failures_total',
        'No answer from the target, or no whole one.',
      ),
      this.#refused.text('holdopen_proxy_refused_total', 'Requests that did not go on.'),
      counter(
        'holdopen_proxy_clients_left_total',
        'Clients that left before their answer.',
        this.#left,
      ),
      this.#late.text(
        'holdopen_proxy_late_total',
        'True statuses that became known after a 200 was sent; a redirect cannot be followed.',
      ),
      this.#dropped.text(
        'holdopen_proxy_late_headers_dropped_total',
        'Headers that came after the head was sent and had no way to the client, cookies among them.',
      ),
      gauge('holdopen_proxy_holds', 'Answers under keep-alive.', occupied),
      counter(
        'holdopen_proxy_commits_total',
        'Heads that were sent before the target answered.',
        holds.commits,
      ),
      counter('holdopen_proxy_beats_total', 'Beats that were sent.', holds.beats),
      counter(
        'holdopen_proxy_beats_dropped_total',
        'Beats that a slow client did not take.',
        holds.beatsDropped,
      ),
      counter(
        'holdopen_proxy_silences_total',
        'Answers that were given up after maxSilenceMs.',
        holds.silences,
      ),
    ].join('');
  }
}

/** Counts by the values of its labels, of which there are few: routes come from the options. */
class Counter {
  readonly #labels: readonly string[];
  readonly #counts = new Map<string, number>();

  constructor(...labels: string[]) {
    this.#labels = labels;
  }

  add(...values: string[]): void {
    const key = values.join('\n');
    const known = this.#counts.get(key);
    // A target may make up names of headers without end.
    if (known === undefined && this.#counts.size >= MAX_SERIES) return;
    this.#counts.set(key, (known ?? 0) + 1);
  }

  text(name: string, help: string): string {
    const lines = [...this.#counts].map(([key, count]) => {
      const values = key.split('\n');
      const labels = this.#labels.map((label, i) => `${label}="${escaped(values[i] ?? '')}"`);
      return `${name}{${labels.join(',')}} ${count}\n`;
    });
    return `# HELP ${name} ${help}\n# TYPE ${name} counter\n${lines.join('')}`;
  }
}

const MAX_SERIES = 1_000;

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
}

function gauge(name: string, help: string, value: number): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${name} ${value}\n`;
}

function counter(name: string, help: string, value: number): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} counter\n${name} ${value}\n`;
}
