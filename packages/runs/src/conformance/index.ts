import type { ConformanceCheck } from './check.js';
import { claimChecks } from './claims.js';
import { endingChecks } from './endings.js';
import { leaseChecks } from './leases.js';
import { logChecks } from './logs.js';

export type { ConformanceCheck, OpenSubject } from './check.js';
export type { ConformanceSubject } from './subject.js';

/** The contract of `RunStore`, one sentence each. Each opens a store of its own. */
export const conformanceChecks: readonly ConformanceCheck[] = [
  ...claimChecks,
  ...logChecks,
  ...endingChecks,
  ...leaseChecks,
];
