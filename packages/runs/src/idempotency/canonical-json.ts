/**
 * One text for all ways to write a JSON value: members sorted, no white space. For bodies that a parser
 * took before holdOpen saw them. `undefined` for what is no JSON, since two of those would look alike:
 * a Map, a form, a cycle, a BigInt.
 */
export function canonicalJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value, (_, member: unknown) => {
      if (typeof member !== 'object' || member === null || Array.isArray(member)) return member;
      if (!isPlain(member)) throw new TypeError('no JSON');
      // Without a prototype, so that a member named __proto__ is one.
      const sorted = Object.create(null) as Record<string, unknown>;
      for (const [name, own] of Object.entries(member).sort(byName)) sorted[name] = own;
      return sorted;
    });
  } catch {
    return undefined;
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
