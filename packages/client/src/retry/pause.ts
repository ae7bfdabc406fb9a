import { heed } from '../heed.js';
import type { Runtime } from '../runtime.js';

/** What pages and their workers have, and servers have not. */
interface Page {
  readonly navigator?: { readonly onLine?: boolean };
  addEventListener?(type: 'online', listener: () => void): void;
  removeEventListener?(type: 'online', listener: () => void): void;
}

/** No timer waits longer: beyond it `setTimeout` does not wait at all. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Whether a page says that it has no network. It may be wrong. */
export function isOffline(): boolean {
  return (globalThis as Page).navigator?.onLine === false;
}

/** Waits, unless the user gives up; no longer than until a page is online again, if that is `enough`. */
export async function pause(
  runtime: Runtime,
  ms: number,
  signal: AbortSignal | null | undefined,
  enough: boolean,
): Promise<void> {
  const page: Page = enough ? (globalThis as Page) : {};
  let stop = (): void => {};
  const over = new Promise<void>((resolve) => {
    const timer = runtime.set(resolve, Math.min(ms, MAX_TIMER_MS), true);
    page.addEventListener?.('online', resolve);
    stop = () => {
      runtime.clear(timer);
      page.removeEventListener?.('online', resolve);
    };
  });
  await heed(signal, over).finally(stop);
}
