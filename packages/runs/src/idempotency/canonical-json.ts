import { toBase64Url } from '../bytes.js';

/**
 * One text for all ways to write a JSON value: members sorted, no white space, bytes as one word. For
 * bodies that a parser took before holdOpen saw them. `undefined` for what is no JSON, since two of
 * those would look alike: a Map, a form, a cycle, a BigInt.
 */
export function canonicalJson(value: unknown): string | undefined {
  try {
    return write(value);
  } catch {
    return undefined;
  }
}

/** An array or object that has been begun. */
interface Open {
  readonly value: object;
  readonly isList: boolean;
  /** What is still to be written. */
  readonly members: Iterator<readonly [label: string, value: unknown]>;
  isEmpty: boolean;
}

/** Not by recursion: whoever sends a body says how deep it is, and parsers take any depth. */
function write(root: unknown): string | undefined {
  const single = wordOf(root);
  if (single !== undefined) return single.text;
  const text: string[] = [];
  const open: Open[] = [];
  // What the next value stands in, so that a cycle is seen at its first repetition.
  const around = new Set<object>();
  const begin = (value: object): void => {
    if (around.has(value)) throw new TypeError('a cycle');
    around.add(value);
    const isList = Array.isArray(value);
    text.push(isList ? '[' : '{');
    open.push({ value, isList, members: membersOf(value), isEmpty: true });
  };
  begin(root as object);
  for (let last = open.at(-1); last !== undefined; last = open.at(-1)) {
    const next = last.members.next();
    if (next.done === true) {
      text.push(last.isList ? ']' : '}');
      around.delete(last.value);
      open.pop();
      continue;
    }
    const [label, value] = next.value;
    const word = wordOf(value);
    // What has no text is left out of an object, and is null in a list.
    if (word !== undefined && word.text === undefined && !last.isList) continue;
    text.push(last.isEmpty ? label : `,${label}`);
    last.isEmpty = false;
    if (word === undefined) begin(value as object);
    else text.push(word.text ?? 'null');
  }
  return text.join('');
}

/** All that is no array and no plain object; `undefined` for those. */
function wordOf(value: unknown): { readonly text: string | undefined } | undefined {
  if (typeof value === 'number') return { text: numberText(value) };
  if (typeof value !== 'object' || value === null) return { text: JSON.stringify(value) };
  // Its own `toJSON` would make twenty times its size of it. No JSON text looks like this one.
  if (value instanceof Uint8Array) return { text: `bytes(${toBase64Url(value)})` };
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === 'function') return { text: JSON.stringify(toJSON.call(value, '')) };
  return undefined;
}

/** `1e999` is parsed as infinity, of which `JSON.stringify` makes null, and `-0` as what it makes 0 of. */
function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

function* membersOf(value: object): Generator<readonly [label: string, value: unknown]> {
  if (Array.isArray(value)) {
    for (const member of value) yield ['', member];
    return;
  }
  if (!isPlain(value)) throw new TypeError('no JSON');
  for (const [name, member] of Object.entries(value).sort(byName)) {
    yield [`${JSON.stringify(name)}:`, member];
  }
}

/** Of any realm: its prototype is none, or has none. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1;
}
