import known from './time-outs.json' with { type: 'json' };

/** How long somebody on the way waits, unless told otherwise. */
export interface TimeOut {
  readonly name: string;
  readonly where: 'hop' | 'platform' | 'server' | 'client';
  /**
   * `idle`: any byte starts it anew. `first-byte`: until the answer begins. `total`: no beat helps.
   */
  readonly kind: 'idle' | 'first-byte' | 'total';
  readonly ms: number;
  /** What changes it. */
  readonly setting: string | undefined;
  /** The id of the hop in `hops.ts`, by which it is recognised. */
  readonly hop: string | undefined;
  readonly note: string | undefined;
  /** Where the number stands; `undefined` if it is widely said and was read nowhere. */
  readonly source: string | undefined;
}

/** The data file, shortest first. */
export const TIME_OUTS: readonly TimeOut[] = known.map(readTimeOut).sort((a, b) => a.ms - b.ms);

/** Whether that is when a time-out is over, give or take what a clock and a network do. */
export function isAbout(ms: number, limitMs: number): boolean {
  // A timer is late and never early, but the request was on its way before it began.
  return ms >= limitMs * 0.985 && ms <= limitMs * 1.03 + 500;
}

/** Whose default it may be, if something was cut so long after its last byte or after its beginning. */
export function timeOutsAt(ms: number, kind: 'idle' | 'total'): TimeOut[] {
  return TIME_OUTS.filter((one) => one.kind === kind && isAbout(ms, one.ms));
}

function readTimeOut(entry: Readonly<Record<string, unknown>>): TimeOut {
  const { name, where, kind, ms } = entry;
  if (typeof name !== 'string' || typeof ms !== 'number' || !isWhere(where) || !isKind(kind)) {
    throw new Error(`time-outs.json: this entry is not whole: ${JSON.stringify(entry)}`);
  }
  const text = (key: string): string | undefined => {
    const value = entry[key];
    return typeof value === 'string' ? value : undefined;
  };
  const texts = { setting: text('setting'), hop: text('hop') };
  return { name, where, kind, ms, ...texts, note: text('note'), source: text('source') };
}

function isWhere(value: unknown): value is TimeOut['where'] {
  return value === 'hop' || value === 'platform' || value === 'server' || value === 'client';
}

function isKind(value: unknown): value is TimeOut['kind'] {
  return value === 'idle' || value === 'first-byte' || value === 'total';
}
