export {
  CLASS_WORDS,
  type Classified,
  type ClassWords,
  type Confidence,
  INCIDENT_CLASSES,
  type IncidentClass,
} from './incidents/classes.js';
export { classify } from './incidents/classify.js';
export {
  type IncidentReader,
  type LineCounts,
  newCounts,
  readIncidents,
} from './incidents/read-incidents.js';
export {
  type ClassCount,
  type Confidences,
  type HourCount,
  type RouteCount,
  type Summary,
  Tally,
} from './incidents/summary.js';
export { type Findings, Survey } from './incidents/survey.js';
export type { TimeOut, TimeOutKind } from './incidents/time-outs.js';
export type { CallListener, CallState } from './journal/calls.js';
export type { CauseMessage } from './journal/cause.js';
export { createJournal, type Journal, type JournalStatus } from './journal/journal.js';
export type { JournalOptions } from './journal/options.js';
export type {
  CauseFacts,
  ConnectionEnd,
  Incident,
  IncidentFacts,
  IncidentOutcome,
  IncidentSubject,
  JournalLine,
} from './journal/record.js';
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
