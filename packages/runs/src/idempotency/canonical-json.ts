/**
 * One text for all ways to write a JSON value: members sorted, no white space. For bodies that a parser
 * took before holdOpen saw them; what cannot be told apart in JavaScript cannot be told apart here.
 * `undefined` for what is no JSON: a cycle, a BigInt, a function.
 */
export function canonicalJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value, (_, member: unknown) =>
      isPlain(member)
        ? // Without a prototype, so that a member named __proto__ is one.
          Object.assign(
            Object.create(null) as Record<string, unknown>,
            Object.fromEntries(Object.entries(member).sort(byName)),
          )
        : member,
    );
  } catch {
    return undefined;
  }
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1;
}
