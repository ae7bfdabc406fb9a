import { RunError } from '../../src/errors.js';
import type { RunStore } from '../../src/store.js';

/** What happens to one call: it passes, never arrives, arrives and its answer is lost, or hangs. */
export type Fate = 'pass' | 'unsent' | 'unanswered' | 'hang';

/** A store behind a bad network. */
export function behind(store: RunStore, fate: (method: string) => Fate): RunStore {
  return new Proxy(store, {
    get(target, name) {
      const own: unknown = Reflect.get(target, name);
      if (typeof own !== 'function') return own;
      return async (...args: unknown[]): Promise<unknown> => {
        const chosen = fate(String(name));
        if (chosen === 'hang') return new Promise(() => {});
        if (chosen === 'unsent') throw new RunError('store_unavailable', 'not sent');
        const answer: unknown = await own.apply(target, args);
        if (chosen === 'unanswered') throw new RunError('store_unavailable', 'answer lost');
        return answer;
      };
    },
  });
}
