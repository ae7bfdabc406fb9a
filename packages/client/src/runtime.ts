/** What the client needs of the world, so that tests can be the world. */
export interface Runtime {
  /** Milliseconds since 1970. Unlike a monotonic clock it goes on while a machine sleeps. */
  now(): number;
  /** A timer that does not keep a process alive, unless it is `needed`. */
  set(callback: () => void, ms: number, needed?: boolean): unknown;
  clear(handle: unknown): void;
  /** 0 to 1. */
  random(): number;
}

// Captured at load, so that a user's fake timers do not meet ours.
const { setTimeout: setTimer, clearTimeout: clearTimer } = globalThis;
const { now } = Date;

export const systemRuntime: Runtime = {
  now,
  set(callback, ms, needed = false) {
    const handle: unknown = setTimer(callback, ms);
    if (!needed) (handle as { unref?(): void }).unref?.();
    return handle;
  },
  clear: (handle) => clearTimer(handle as ReturnType<typeof setTimeout>),
  random: Math.random,
};
