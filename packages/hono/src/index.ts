export {
  type BeatFormat,
  type BoundaryTracker,
  type DrainOptions,
  type DrainResult,
  type HoldCounters,
  type HoldEvent,
  type HoldEventType,
  type HoldHandle,
  type HoldInfo,
  HoldOpenError,
  type HoldOpenErrorCode,
  type LateError,
  type LateOutcome,
  type LateSuccess,
} from '@holdopen/core';
export type { RequestHold } from '@holdopen/fetch';
export { drain } from './drain.js';
export { type FetchApp, getHold, holdOpen } from './hold-open.js';
export type { HonoHoldOpenOptions } from './options.js';
