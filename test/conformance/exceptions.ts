import type { Exception, Row } from './row.js';
import type { Target } from './targets.js';

/** Why a row does not apply to a target; `undefined` if it does. */
export function exceptionOf(row: Row, target: Target): string | undefined {
  return find(row.not, target);
}

/** What is wrong with a row on a target, for all that is known. */
export function faultOf(row: Row, target: Target): string | undefined {
  return find(row.faults, target);
}

function find(list: readonly Exception[] | undefined, target: Target): string | undefined {
  return list?.find(({ where }) =>
    Object.entries(where).every(([name, value]) => target[name as keyof Target] === value),
  )?.because;
}
