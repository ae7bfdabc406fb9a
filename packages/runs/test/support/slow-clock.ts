import { FakeClock, settle } from './clock.js';

let pending = 0;

// What Web Crypto does takes real time, on threads of its own.
for (const name of ['sign', 'verify', 'digest', 'importKey'] as const) {
  const own: (...args: never[]) => Promise<unknown> = crypto.subtle[name].bind(crypto.subtle);
  Object.defineProperty(crypto.subtle, name, {
    configurable: true,
    value: (...args: never[]) => {
      pending += 1;
      return own(...args).finally(() => {
        pending -= 1;
      });
    },
  });
}

/** Resolves when nothing more happens by itself. */
async function idle(): Promise<void> {
  do await settle();
  while (pending > 0);
  await settle();
  if (pending > 0) await idle();
}

/** A clock that waits for what really takes time. */
export class SlowClock extends FakeClock {
  protected override calm(): Promise<void> {
    return idle();
  }
}
