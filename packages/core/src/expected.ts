const expected = new WeakSet<Error>();

/**
 * For adapters: an error that cuts an answer on purpose, such as when the login of its client has
 * expired. It is counted and observed as any other, and is not told on the console.
 */
export function asExpected<Cut extends Error>(error: Cut): Cut {
  expected.add(error);
  return error;
}

export function isExpected(error: unknown): boolean {
  return error instanceof Error && expected.has(error);
}
