import { InvalidArgumentError } from 'commander';

/** Milliseconds in the units that may stand behind a number. */
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const VALUE = /^(-?\d+(?:\.\d+)?|Infinity)([a-z]*)$/;

/**
 * `cut:atByte=1..5000,how=fin,chance=0.3` as the library takes it: a type, then its fields. What they
 * may be is for the library to say.
 */
export function parseFault(text: string): Record<string, unknown> {
  const [type = '', ...rest] = text.split(':');
  const fault: Record<string, unknown> = { type };
  const fields = rest.join(':');
  if (fields === '') return fault;
  for (const field of fields.split(',')) {
    const [name, value, ...more] = field.split('=').map((part) => part.trim());
    if (!name || !value || more.length > 0) {
      throw new InvalidArgumentError(
        `"${field}" of ${type} is no field: give name=value, as in idle-kill:afterMs=3000,how=fin`,
      );
    }
    fault[name] = readValue(value, name.endsWith('Ms') ? UNITS : {});
  }
  return fault;
}

/**
 * A number, a range of numbers, or a word. Times may have a unit: 250ms, 3s, 2m, 1h. Of bytes `5m` is
 * none: it would mean five minutes of them.
 */
function readValue(text: string, units: typeof UNITS): unknown {
  const ends = text.split('..');
  const numbers = ends.map((end) => readNumber(end, units));
  if (numbers.some((number) => number === undefined)) return text;
  return ends.length === 1 ? numbers[0] : numbers;
}

function readNumber(text: string, units = UNITS): number | undefined {
  const [, digits, unit = ''] = VALUE.exec(text) ?? [];
  const factor = unit === '' ? 1 : units[unit];
  if (digits === undefined || factor === undefined) return undefined;
  // 1.001 s are 1000.9999999999999 ms, and the ends of a range are whole numbers.
  return Number((Number(digits) * factor).toFixed(6));
}

/** Milliseconds from `30s` or `500`. */
export function parseTime(text: string): number {
  const ms = readNumber(text);
  if (ms !== undefined && ms > 0 && ms < 2 ** 31) return ms;
  throw new InvalidArgumentError('give a time above 0, such as 500ms, 30s or 5m');
}

/** `3001`, `0.0.0.0:3001` or `[::1]:3001`. */
export function parseListen(text: string): { host: string; port: number } {
  const [, host = '127.0.0.1', digits = ''] = /^(?:(.+):)?(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits !== '' && port <= 65_535) return { host: host.replace(/^\[|\]$/g, ''), port };
  throw new InvalidArgumentError('give a port, or host:port');
}

export function parseSeed(text: string): number {
  const seed = Number(text);
  if (text.trim() !== '' && Number.isInteger(seed)) return seed;
  throw new InvalidArgumentError('give a whole number, as an earlier run has printed it');
}
