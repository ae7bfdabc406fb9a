import { FaultyPathError } from './errors.js';
import type { Fault, FaultType } from './faults.js';

/** What a field of a fault may be, and what it is if it is not given. */
export type Field =
  | {
      readonly kind: 'number';
      readonly least: number;
      readonly most: number;
      readonly unit: string;
      readonly fallback?: number;
    }
  | { readonly kind: 'word'; readonly words: readonly string[]; readonly fallback: string };

/** The largest delay that Node's timers know. */
export const MAX_DELAY_MS = 2 ** 31 - 1;

const delay = (fallback?: number): Field => number('milliseconds', 0, MAX_DELAY_MS, fallback);
const limit = (fallback?: number): Field => number('milliseconds', 1, MAX_DELAY_MS, fallback);
const bytes = (least: number, fallback?: number): Field =>
  number('bytes', least, Number.MAX_SAFE_INTEGER, fallback);
const HOW = word('rst', 'fin', 'black-hole');

type Fields<T extends FaultType> = {
  readonly [K in Exclude<keyof Extract<Fault, { type: T }>, 'type'>]-?: Field;
};

/** Every fault with its fields. */
export const FAULT_FIELDS = {
  'idle-kill': { afterMs: limit(), how: HOW },
  'total-kill': { afterMs: limit(), how: HOW },
  cut: {
    atByte: bytes(0),
    of: word('response', 'request'),
    from: word('connection', 'body'),
    how: HOW,
  },
  'black-hole': { afterMs: delay(0), of: word('both', 'request', 'response') },
  throttle: { bytesPerSecond: bytes(1), of: word('both', 'request', 'response') },
  latency: { delayMs: delay(), jitterMs: delay(0), of: word('both', 'request', 'response') },
  burst: { everyMs: limit(), of: word('response', 'request', 'both') },
  'late-fin': { delayMs: delay(), of: word('response', 'request', 'both') },
  buffer: {
    untilBytes: bytes(1, Number.POSITIVE_INFINITY),
    untilMs: limit(Number.POSITIVE_INFINITY),
  },
  'lying-end': { atByte: bytes(0, Number.POSITIVE_INFINITY) },
  'http-1.0': {},
  refuse: { how: word('rst', 'fin') },
  silence: {},
} as const satisfies { readonly [T in FaultType]: Fields<T> };

const FAULT_TYPES = Object.keys(FAULT_FIELDS);

/** The fields of a type of fault. Throws if there is no such type. */
export function fieldsOf(type: unknown): ReadonlyMap<string, Field> {
  for (const [name, fields] of Object.entries(FAULT_FIELDS)) {
    if (name === type) return new Map<string, Field>(Object.entries(fields));
  }
  throw new FaultyPathError(
    'invalid_option',
    `there is no fault ${show(type)}: give one of ${FAULT_TYPES.join(', ')}`,
  );
}

/** Throws if a value, or an end of a range, cannot stand in a field. */
export function checkField(fault: string, name: string, field: Field, value: unknown): void {
  if (field.kind === 'word') {
    if (typeof value === 'string' && field.words.includes(value)) return;
    throw wrong(fault, name, value, `give ${field.words.join(' or ')}`);
  }
  const { least, most, unit } = field;
  const range: readonly unknown[] = Array.isArray(value) ? value : [value, value];
  const [from, to] = range;
  const isPossible = (end: unknown): boolean =>
    typeof end === 'number' && ((end >= least && end <= most) || end === Number.POSITIVE_INFINITY);
  if (range.length !== 2 || !range.every(isPossible) || Number(from) > Number(to)) {
    throw wrong(
      fault,
      name,
      value,
      `give ${unit} from ${least} to ${most}, Infinity for no limit, or a range [from, to]`,
    );
  }
  if (Array.isArray(value) && !range.every(Number.isSafeInteger)) {
    throw wrong(fault, name, value, 'give whole numbers as the ends of a range');
  }
}

export function wrong(fault: string, name: string, value: unknown, cure: string): FaultyPathError {
  return new FaultyPathError('invalid_option', `${name} of ${fault} is ${show(value)}: ${cure}`);
}

function show(value: unknown): string {
  return typeof value === 'string' || Array.isArray(value) ? JSON.stringify(value) : String(value);
}

function number(unit: string, least: number, most: number, fallback?: number): Field {
  const field = { kind: 'number', unit, least, most } as const;
  return fallback === undefined ? field : { ...field, fallback };
}

/** The first word is the default. */
function word(...words: readonly [string, ...string[]]): Field {
  return { kind: 'word', words, fallback: words[0] };
}
