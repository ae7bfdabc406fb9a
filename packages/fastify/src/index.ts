import './types.js';

export {
  type BeatFormat,
  type BoundaryTracker,
  type DrainOptions,
  type DrainResult,
  drain,
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
  type RequestHold,
  registry,
} from '@holdopen/node';
export type { FastifyHoldOpenOptions, FastifyHoldOpenPluginOptions } from './options.js';
export { holdOpen, holdOpen as default } from './plugin.js';
export { incomingOf } from './run.js';
