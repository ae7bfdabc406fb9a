import type { DrainResult } from '@holdopen/core';

/**
 * Stands in for `below-node.ts` on Workers and edge runtimes, which lack Node's modules: there is
 * nothing but fetch below Hono.
 */
export const hasNodeBelow = false;

export function mountOptions(): undefined {}

export function watchResponse(): never {
  throw new Error('holdopen: there is no response of Node here');
}

export async function drain(): Promise<DrainResult> {
  return { finished: 0, ended: 0 };
}
