import type { CauseFacts } from './record.js';

/** Gives what may be written down of an error's message, or `undefined` for nothing. */
export type CauseMessage = (error: unknown) => string | undefined;

const CLASS_NAME = /^[A-Z][A-Za-z0-9]{0,63}$/;
const CODE = /^[A-Z][A-Z0-9_]{1,63}$/;
const DEEPEST = 4;
const LONGEST_MESSAGE = 500;

/**
 * Name, code and status of an error and of those behind it. Messages are left out unless asked for:
 * they quote what the user sent.
 */
export function causeFacts(
  error: unknown,
  message: CauseMessage | undefined,
  depth = 0,
): CauseFacts | undefined {
  if (error === undefined || error === null) return undefined;
  if (typeof error !== 'object') return { name: typeof error };
  const code = read(error, 'code');
  const status = read(error, 'status') ?? read(error, 'statusCode');
  const shown = message === undefined ? undefined : shownMessage(error, message);
  const behind = depth < DEEPEST ? causeFacts(read(error, 'cause'), message, depth + 1) : undefined;
  return {
    name: className(error),
    ...(typeof code === 'string' && CODE.test(code) ? { code } : {}),
    ...(isStatus(status) ? { status } : {}),
    ...(shown === undefined ? {} : { message: shown }),
    ...(behind === undefined ? {} : { cause: behind }),
  };
}

export function isStatus(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 100 && Number(value) <= 999;
}

/** Cut without halving a character, and without keeping all of a long text alive. */
export function clip(text: string, longest: number): string {
  if (text.length <= longest) return text;
  const end = /[\uD800-\uDBFF]/.test(text.charAt(longest - 1)) ? longest - 1 : longest;
  return `${Buffer.from(text.slice(0, end)).toString()}…`;
}

function className(error: object): string {
  for (const name of [read(error, 'name'), read(read(error, 'constructor'), 'name')]) {
    if (typeof name === 'string' && CLASS_NAME.test(name)) return name;
  }
  return 'Error';
}

function shownMessage(error: object, message: CauseMessage): string | undefined {
  try {
    const text: unknown = message(error);
    return typeof text === 'string' ? clip(text, LONGEST_MESSAGE) : undefined;
  } catch {
    return undefined;
  }
}

/** An error's members may be getters that throw. */
function read(value: unknown, name: string): unknown {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function'))
    return undefined;
  try {
    return Reflect.get(value, name);
  } catch {
    return undefined;
  }
}
