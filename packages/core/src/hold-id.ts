let nextId = 0;
const ID_PREFIX = Math.random().toString(36).slice(2, 8).padEnd(6, '0');

/** An id for a hold: unique in this process and unlikely to meet another process's. No secret. */
export function newHoldId(): string {
  nextId += 1;
  return `${ID_PREFIX}-${nextId.toString(36)}`;
}
