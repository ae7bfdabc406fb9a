/** How one metric is called, in the way of OpenTelemetry; Prometheus's name follows from it. */
interface MetricFacts {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly name: string;
  /** As UCUM has it; what is counted stands in braces. */
  readonly unit: string;
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds of a histogram's buckets. */
  readonly buckets?: readonly number[];
}

/** From a second to a working day: those that libraries bring along end at 10 seconds. */
const HOLD_BUCKETS_S = [1, 5, 10, 20, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 14_400, 28_800];
/** Up to lease and grace, beyond which a run is lost. */
const LAG_BUCKETS_S = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30];

const ROUTE = ['method', 'route'] as const;

/** Everything that is measured. `docs/observe.md` says what each is for. */
const METRICS = {
  activeHolds: {
    kind: 'gauge',
    name: 'holdopen.holds.active',
    unit: '{hold}',
    help: 'Responses under keep-alive right now.',
    labels: [...ROUTE, 'format'],
  },
  holds: {
    kind: 'counter',
    name: 'holdopen.holds',
    unit: '{hold}',
    help: 'Responses that fell silent or began to stream, and came under keep-alive.',
    labels: [...ROUTE, 'format'],
  },
  holdDuration: {
    kind: 'histogram',
    name: 'holdopen.hold.duration',
    unit: 's',
    help: 'How long responses were under keep-alive.',
    labels: [...ROUTE, 'how'],
    buckets: HOLD_BUCKETS_S,
  },
  commits: {
    kind: 'counter',
    name: 'holdopen.commits',
    unit: '{commit}',
    help: 'Heads that holdopen sent, with 200, in place of the handler.',
    labels: ROUTE,
  },
  beats: {
    kind: 'counter',
    name: 'holdopen.beats',
    unit: '{beat}',
    help: 'Beats sent.',
    labels: ROUTE,
  },
  droppedBeats: {
    kind: 'counter',
    name: 'holdopen.beats.dropped',
    unit: '{beat}',
    help: 'Beats not sent, since the client took nothing.',
    labels: ROUTE,
  },
  lateOutcomes: {
    kind: 'counter',
    name: 'holdopen.late_outcomes',
    unit: '{outcome}',
    help: 'Statuses, headers and errors that became known after a head with 200.',
    labels: [...ROUTE, 'status', 'code'],
  },
  droppedHeaders: {
    kind: 'counter',
    name: 'holdopen.late_headers.dropped',
    unit: '{header}',
    help: 'Headers of handlers that came too late and did not reach the client.',
    labels: [...ROUTE, 'kind', 'reason'],
  },
  cuts: {
    kind: 'counter',
    name: 'holdopen.cuts',
    unit: '{cut}',
    help: 'Connections that holdopen cut, so that a late failure is no success.',
    labels: ROUTE,
  },
  disconnects: {
    kind: 'counter',
    name: 'holdopen.disconnects',
    unit: '{disconnect}',
    help: 'Clients that left before their answer was complete.',
    labels: ROUTE,
  },
  silences: {
    kind: 'counter',
    name: 'holdopen.silences',
    unit: '{silence}',
    help: 'Handlers that gave no sign of life for maxSilenceMs.',
    labels: ROUTE,
  },
  untouched: {
    kind: 'counter',
    name: 'holdopen.untouched',
    unit: '{response}',
    help: 'Responses that were about to be held and passed as they were.',
    labels: [...ROUTE, 'reason'],
  },
  activeRuns: {
    kind: 'gauge',
    name: 'holdopen.runs.active',
    unit: '{run}',
    help: 'Runs whose work goes on in this process.',
    labels: ['route'],
  },
  runsStarted: {
    kind: 'counter',
    name: 'holdopen.runs.started',
    unit: '{run}',
    help: 'Work that was begun under a key, for the first time or again.',
    labels: ['route', 'attempt'],
  },
  runsEnded: {
    kind: 'counter',
    name: 'holdopen.runs.ended',
    unit: '{run}',
    help: 'Runs of this process by the state they ended in.',
    labels: ['route', 'state', 'code'],
  },
  runDuration: {
    kind: 'histogram',
    name: 'holdopen.run.duration',
    unit: 's',
    help: 'How long the work of runs took.',
    labels: ['route', 'state'],
    buckets: HOLD_BUCKETS_S,
  },
  attaches: {
    kind: 'counter',
    name: 'holdopen.run.attaches',
    unit: '{request}',
    help: 'Requests that joined a run that was there already, by its state.',
    labels: ['route', 'state'],
  },
  resumes: {
    kind: 'counter',
    name: 'holdopen.run.resumes',
    unit: '{request}',
    help: 'Clients that came back to the events of a run and went on behind what they had.',
    labels: ['route', 'state'],
  },
  runsLost: {
    kind: 'counter',
    name: 'holdopen.runs.lost',
    unit: '{run}',
    help: 'Runs that this process found without an owner, by who found them.',
    labels: ['route', 'by'],
  },
  renewalLag: {
    kind: 'histogram',
    name: 'holdopen.run.renewal.lag',
    unit: 's',
    help: 'From when the renewal of a lease was due until the store had it.',
    labels: [],
    buckets: LAG_BUCKETS_S,
  },
  appendLag: {
    kind: 'histogram',
    name: 'holdopen.run.append.lag',
    unit: 's',
    help: 'From when the store was given output of a run until it had acknowledged it.',
    labels: [],
    buckets: LAG_BUCKETS_S,
  },
  storeFailures: {
    kind: 'counter',
    name: 'holdopen.run.store_failures',
    unit: '{failure}',
    help: 'Attempts to ask the store of the runs that failed.',
    labels: ['operation', 'code'],
  },
} as const satisfies Record<string, MetricFacts>;

export type MetricKey = keyof typeof METRICS;
export type LabelsOf<Key extends MetricKey> = Readonly<
  Record<(typeof METRICS)[Key]['labels'][number], string>
>;

export const METRIC_KEYS = Object.keys(METRICS) as readonly MetricKey[];

/** Without the type of its own that each constant has. */
export function factsOfMetric(key: MetricKey): MetricFacts {
  return METRICS[key];
}

/** Where measurements go. Counters and gauges are added to; histograms get one value more. */
export interface MetricSink {
  record<Key extends MetricKey>(key: Key, labels: LabelsOf<Key>, value: number): void;
}
