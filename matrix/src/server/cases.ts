import type { HoldOpenOptions } from '@holdopen/node';

/** A beat after so much silence. The default is 8 s: here everything goes 16 times as fast. */
export const INTERVAL_MS = 500;

/** Whatever a framework's request is, it has this. */
export interface WithUrl {
  readonly url?: string | undefined;
}

/** What a route of the server does while it is held, and how it is held. */
export const HELD_CASES = {
  /** Answers with JSON after the work. */
  json: {},
  /** Fails after the work with 422 and `lateError: 'cut'`. */
  cut: { lateError: 'cut' },
  /** The same with `lateError: 'body'`. */
  body: { lateError: 'body' },
  /** Works, sends an event, works, sends the last one. */
  events: { format: 'sse' },
  /** The same with beats of one line and no blank one behind it. */
  'events-bare-frame': { format: 'sse', frame: ':\n' },
  /** The same where the hold was taken to be JSON, as for a client that asks for a stream in its body. */
  'events-late-known': {},
  /** The handler sends the head at once, without X-Accel-Buffering, and works. */
  'events-own-head': {},
  /** Breaks down in the middle of an event. */
  'events-cut': { format: 'sse' },
  /** Fails with an error page after the work, before its first event: `event: error` of holdopen. */
  'events-error': { format: 'sse' },
  /** Fails with 422 after the work, before its first event. */
  'events-failed': { format: 'sse' },
} as const satisfies Readonly<Record<string, HoldOpenOptions>>;

export type HeldCase = keyof typeof HELD_CASES;
/** `silent` answers as `json` does, and nothing holds it. */
export type Case = HeldCase | 'silent';

export const HELD_NAMES = Object.keys(HELD_CASES).filter(isHeldCase);

function isHeldCase(name: string | undefined): name is HeldCase {
  return name !== undefined && Object.hasOwn(HELD_CASES, name);
}

export function isCase(name: string | undefined): name is Case {
  return name === 'silent' || isHeldCase(name);
}
