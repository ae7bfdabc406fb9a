/** What people say has happened. */
export const INCIDENT_CLASSES = [
  'client-closed',
  'closed-mid-stream',
  'reset',
  'idle-timeout',
  'total-timeout',
  'stalled',
  'unreachable',
  'handler-silent',
  'handler-error',
  'rate-limited',
  'upstream-error',
  'overloaded',
  'auth-expired',
  'refused',
  'cancelled',
  'drain',
  'process-died',
  'process-paused',
  'lost',
  'unknown',
] as const;

export type IncidentClass = (typeof INCIDENT_CLASSES)[number];

/** How sure it is: `high` leaves no other explanation that is common. */
export type Confidence = 'high' | 'medium' | 'low';

export interface Classified {
  readonly class: IncidentClass;
  readonly confidence: Confidence;
  /** The facts that say so, in a few words. */
  readonly because: string;
}

export interface ClassWords {
  readonly title: string;
  /** What to look at first. */
  readonly advice: string;
}

export const CLASS_WORDS: Readonly<Record<IncidentClass, ClassWords>> = {
  'client-closed': {
    title: 'closed by the client',
    advice: 'somebody went away, or a client has a total time-out; runs keep the work',
  },
  'closed-mid-stream': {
    title: 'closed mid-stream',
    advice: 'the answer had begun; runs let clients come back to the rest',
  },
  reset: {
    title: 'reset',
    advice:
      'a hop or a client dropped the connection; see whether it is always one route or one time',
  },
  'idle-timeout': {
    title: "a hop's idle time-out",
    advice: 'set intervalMs well below it, and let holdopen doctor look at the path',
  },
  'total-timeout': {
    title: 'a total time-out',
    advice: 'no beat helps against it: use runs, or raise it where it is set',
  },
  stalled: {
    title: 'server silent',
    advice: 'nothing came for too long; does the path let beats through?',
  },
  unreachable: {
    title: 'no connection',
    advice: 'look at name, port, certificate and whether it runs',
  },
  'handler-silent': {
    title: 'handler too long silent',
    advice: 'it hangs, or needs touch() or a longer maxSilenceMs',
  },
  'handler-error': { title: 'handler error', advice: 'see the logs of the service at that time' },
  'rate-limited': { title: 'upstream 429', advice: 'ask for less, or for a higher limit' },
  'upstream-error': { title: 'upstream 5xx', advice: 'what the handler asks has failed' },
  overloaded: {
    title: 'overloaded (503, 529)',
    advice: 'what the handler asks has no room; try again later',
  },
  'auth-expired': {
    title: 'auth expired (401, 403)',
    advice: 'a token ran out while the work went on; renew it before each call',
  },
  refused: {
    title: 'refused (other 4xx)',
    advice: 'the request was wrong, and it took a while to say so',
  },
  cancelled: { title: 'cancelled', advice: 'somebody else told the work to stop' },
  drain: { title: 'drain', advice: 'a deploy; give drain() more time if it hurts' },
  'process-died': {
    title: 'process died',
    advice: 'look for SIGKILL, OOM and crashes at that time',
  },
  'process-paused': {
    title: 'process paused',
    advice: 'it was taken for dead and came back: SIGSTOP, a frozen machine, a disk that was away',
  },
  lost: {
    title: 'lost',
    advice: 'the work died with its process; onLost decides whether it starts anew',
  },
  unknown: { title: 'unknown', advice: 'the facts do not say' },
};
