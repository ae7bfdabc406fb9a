/** A timer that comes this much too late has slept, with its machine or its tab. */
const OVERSLEPT_MS = 4_000;

export function hasSlept(dueMs: number, nowMs: number): boolean {
  return nowMs - dueMs > OVERSLEPT_MS;
}

/** What a browser has and the other runtimes have not. */
interface Page {
  readonly visibilityState: string;
  addEventListener(type: 'visibilitychange', listener: () => void): void;
  removeEventListener(type: 'visibilitychange', listener: () => void): void;
}

/** Calls back when a page is looked at again. Gives the function that ends it. */
export function onVisible(callback: () => void): () => void {
  const { document } = globalThis as { document?: Partial<Page> };
  const check = (): void => {
    if (document?.visibilityState === 'visible') callback();
  };
  document?.addEventListener?.('visibilitychange', check);
  return () => document?.removeEventListener?.('visibilitychange', check);
}
