export {
  ANONYMOUS,
  type Authorize,
  type AuthorizeAnswer,
  type AuthorizeContext,
  type AuthorizedRun,
  type Principal,
  type RunAction,
} from './access/authorize.js';
export { DELIVERY_GRACE_MS } from './attach/deliveries.js';
export type { LogCodec } from './codec.js';
export type { RunsRuntime } from './context.js';
export type { CorsOptions } from './cors.js';
export { type Cursor, formatCursor, MAX_CURSOR_BYTES, parseCursor } from './cursor.js';
export type { RunDescription } from './describe.js';
export {
  type LostFinder,
  RUN_EVENT_TYPES,
  type RunEvent,
  type RunEventType,
  type RunFacts,
  type StoreFailureCode,
  type StoreOperation,
} from './diagnostics.js';
export {
  type ChunkEntry,
  decodeEntry,
  decodeHead,
  type EndEntry,
  type Entry,
  type EventEntry,
  encodeEntry,
  encodeHead,
  lostEntry,
  type RunHead,
} from './entry.js';
export { isTransient, RunError, type RunErrorCode, type RunErrorDetails } from './errors.js';
export { canonicalJson } from './idempotency/canonical-json.js';
export { type FingerprintFacts, fingerprintOf } from './idempotency/fingerprint.js';
export {
  isSecretKey,
  MAX_KEY_LENGTH,
  MIN_ANONYMOUS_KEY_BITS,
  parseIdempotencyKey,
} from './idempotency/key.js';
export {
  type KeyMeets,
  type KeyPolicy,
  type LostPolicy,
  meetKey,
  restartStates,
  stateOfAnswer,
} from './idempotency/same-key.js';
export {
  createMemoryStore,
  DEFAULT_MAX_RUNS,
  DEFAULT_MAX_STORE_BYTES,
  type MemoryStoreOptions,
} from './memory/create.js';
export * from './options.js';
export * from './owner/options.js';
export { type RunEnding, type RunOutcome, RunWriter } from './owner/writer.js';
export type { RunProblem, RunProblemCode } from './problem.js';
export type { RouteRunsOptions } from './route-options.js';
export { RouteRuns } from './route-runs.js';
export {
  importSecret,
  instanceOfRun,
  isRunId,
  newEpoch,
  newRunId,
  type RunIdentity,
  type RunSecret,
  slotOf,
  slotOfRun,
} from './run-id.js';
export {
  createRuns,
  DEFAULT_RUNS_DRAIN_TIMEOUT_MS,
  Runs,
  type RunsDrainOptions,
} from './runs.js';
export type { RunsDrainResult } from './serve/own-runs.js';
export type { ServeContext, Work, WorkInfo } from './serve/work.js';
export { frameEvent, frameStart } from './sse/frame.js';
export { EventSplitter } from './sse/split.js';
export * from './store.js';
export { type Random, systemRandom, systemTimers, type Timers } from './timers.js';
export {
  RUN_TOKEN_HEADER,
  type RunToken,
  signRunToken,
  type TokenAction,
  type TokenCheck,
  type TokenRequest,
  verifyRunToken,
} from './token.js';
export type { WatchBatch, WatchItem } from './watch/batch.js';
export { RunFeeds, type WatchRequest } from './watch/feeds.js';
export {
  DEFAULT_PAGE_BYTES,
  DEFAULT_PAGE_ENTRIES,
  DEFAULT_READER_STORE_AWAY_MS,
  DEFAULT_SLOW_POLL_MS,
  type WatchOptions,
} from './watch/options.js';
