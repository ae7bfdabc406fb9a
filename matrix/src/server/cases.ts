/** What a route of the server does; all but the first are held. */
const CASES = [
  /** Answers with JSON after the work, unwrapped. */
  'silent',
  /** Answers with JSON after the work. */
  'json',
  /** Fails after the work with 422 and `lateError: 'cut'`. */
  'cut',
  /** The same with `lateError: 'body'`. */
  'body',
  /** Works, sends an event, works, sends the last one. */
  'events',
  /** The same with beats of one line and no blank one behind it. */
  'events-bare-frame',
  /** The same where the hold was taken to be JSON, as for a client that asks for a stream in its body. */
  'events-late-known',
  /** The handler sends the head at once, without X-Accel-Buffering, and works. */
  'events-own-head',
  /** Breaks down in the middle of an event. */
  'events-cut',
  /** Fails with an error page after the work, before its first event: `event: error` of holdopen. */
  'events-error',
  /** Fails with 422 after the work, before its first event. */
  'events-failed',
] as const;

export type Case = (typeof CASES)[number];

export function isCase(name: string | undefined): name is Case {
  return CASES.some((known) => known === name);
}
