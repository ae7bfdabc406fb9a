import { toBase64Url } from '../bytes.js';

/**
 * One text for all ways to write a JSON value: members sorted, no white space, bytes as one word. For
 * bodies that a parser took before holdOpen saw them. `undefined` for what is no JSON, since two of
 * those would look alike: a Map, a form, a cycle, a BigInt.
 */
export function canonicalJson(value: unknown): string | undefined {
  try {
    return write(value, new Set());
  } catch {
    return undefined;
  }
}

/** @param around what it stands in, so that a cycle is seen at its first repetition. */
function write(value: unknown, around: Set<object>): string | undefined {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  // Its own `toJSON` would make twenty times its size of it. No JSON text looks like this one.
  if (value instanceof Uint8Array) return `bytes(${toBase64Url(value)})`;
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === 'function') return JSON.stringify(toJSON.call(value, ''));
  if (around.has(value)) throw new TypeError('a cycle');
  around.add(value);
  const text = Array.isArray(value) ? writeArray(value, around) : writeObject(value, around);
  around.delete(value);
  return text;
}

function writeArray(array: readonly unknown[], around: Set<object>): string {
  return `[${array.map((member) => write(member, around) ?? 'null').join(',')}]`;
}

function writeObject(object: object, around: Set<object>): string {
  if (!isPlain(object)) throw new TypeError('no JSON');
  const members: string[] = [];
  for (const [name, value] of Object.entries(object).sort(byName)) {
    const text = write(value, around);
    if (text !== undefined) members.push(`${JSON.stringify(name)}:${text}`);
  }
  return `{${members.join(',')}}`;
}

/** Of any realm: its prototype is none, or has none. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1;
}
