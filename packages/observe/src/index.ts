export { createMetrics, type Metrics, type MetricsOptions } from './metrics/create.js';
export { DEFAULT_MAX_ROUTES, type RouteLabelsOptions } from './route.js';
export { type HoldListener, type RunListener, watchHolds, watchRuns } from './watch.js';
