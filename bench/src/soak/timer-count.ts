import { createHook } from 'node:async_hooks';

/** How many timers wait, those that are unref'd too: `process.getActiveResourcesInfo` leaves these out. */
export class TimerCount {
  readonly #waiting = new Set<number>();

  constructor() {
    createHook({
      init: (id, type) => {
        if (type === 'Timeout') this.#waiting.add(id);
      },
      destroy: (id) => {
        this.#waiting.delete(id);
      },
    }).enable();
  }

  get size(): number {
    return this.#waiting.size;
  }
}
