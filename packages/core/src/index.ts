export {
  type BeatClock,
  ClockEntry,
  type Lane,
  SeparateBeatClock,
  SharedBeatClock,
  type Timers,
} from './clock.js';
export {
  type DroppedHeaderReason,
  HOLD_EVENT_TYPES,
  type HoldEvent,
  type HoldEventType,
  type HoldInfo,
  type HoldObserver,
  type HowItEnded,
} from './diagnostics.js';
export { HoldOpenError, type HoldOpenErrorCode, type HoldOpenErrorDetails } from './errors.js';
export type {
  BeatFormat,
  BoundaryTracker,
  Chunk,
  LateEnding,
  LateFailure,
  Place,
} from './formats/format.js';
export { guardFormat } from './formats/guarded.js';
export { JsonScanner } from './formats/json.js';
export { type HoldHandle, inertHandle } from './handle.js';
export {
  announcement,
  exposedNames,
  HELD_CACHE_CONTROL,
  HIDDEN_AT_COMMIT,
  NEVER_LATE,
  REMOVED_AT_COMMIT,
} from './held-head.js';
export { type AnswerEnd, Hold } from './hold.js';
export type { HoldHost } from './hold-host.js';
export { newHoldId } from './hold-id.js';
export type { HoldState } from './hold-state.js';
export { type HeaderPair, type LateHead, MAX_LATE_HEAD_BYTES, parseLateHead } from './late/head.js';
export type { AnswerHead } from './late/listed.js';
export type { LateError, LateErrorPolicy, LateOutcome, LateSuccess } from './late/outcome.js';
export type { Problem, ProblemCode } from './late/problem.js';
export { Lifeline } from './lifeline.js';
export {
  type FormatChoice,
  formatByAccept,
  formatByType,
  formatOfStream,
  type HeadFacts,
  isHoldableMethod,
  type Mount,
  parseContentType,
  type UntouchedReason,
} from './negotiate.js';
export {
  DEFAULT_FRAME,
  DEFAULT_INTERVAL_MS,
  DEFAULT_MAX_HOLDS,
  DEFAULT_MAX_SILENCE_MS,
  DEFAULT_TCP_KEEP_ALIVE_MS,
  type FormatChoiceOption,
  type FormatName,
  type Formats,
  type HoldOpenOptions,
  MAX_TIMER_MS,
  MIN_INTERVAL_MS,
  type Settings,
} from './options.js';
export { checkFormat } from './options-check.js';
export {
  type DrainOptions,
  type DrainResult,
  type DrainTimers,
  type HoldCounters,
  HoldRegistry,
} from './registry.js';
export { resolveOptions } from './resolve-options.js';
export { Roster, Seat } from './roster.js';
export type { Surroundings } from './surroundings.js';
export { countUntouched, tellUntouched, type UntouchedHost } from './untouched.js';
