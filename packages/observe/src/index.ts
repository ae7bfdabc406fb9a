export { networkOf } from './live/client-view.js';
export { createLivePage, LivePage } from './live/live-page.js';
export {
  DEFAULT_LIVE_BASE_PATH,
  DEFAULT_LIVE_RECHECK_MS,
  DEFAULT_LIVE_UPDATE_MS,
  DEFAULT_MAX_LIVE_INCIDENTS,
  DEFAULT_MAX_LIVE_ROWS,
  DEFAULT_MAX_LIVE_WATCHERS,
  type LiveAccess,
  type LiveJournal,
  type LivePageOptions,
  type LiveRuns,
} from './live/options.js';
export { createMetrics, type Metrics, type MetricsOptions } from './metrics/create.js';
export { DEFAULT_MAX_ROUTES, type RouteLabelsOptions } from './route.js';
export { type HoldListener, type RunListener, watchHolds, watchRuns } from './watch.js';
