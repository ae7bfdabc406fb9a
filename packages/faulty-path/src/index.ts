export type { ConnectionEnd, PathConnection } from './connection.js';
export { FaultyPathError } from './errors.js';
export type {
  BlackHole,
  Buffering,
  Burst,
  Cut,
  Direction,
  Fault,
  FaultSpec,
  FaultType,
  How,
  Http10,
  IdleKill,
  LateFin,
  Latency,
  LyingEnd,
  PlannedFault,
  Range,
  Refuse,
  Silence,
  Throttle,
  TotalKill,
} from './faults.js';
export { FAULT_FIELDS, type Field } from './fields.js';
export type { FaultyPathOptions } from './options.js';
export { createFaultyPath, type FaultyPath } from './path.js';
export type { Draw } from './random.js';
export { formatConnection, formatEnd, formatPlan } from './report.js';
export type { Target } from './target.js';
export type { WaitOptions } from './waiting.js';
