import fc from 'fast-check';

/** A text as UTF-8, and as pieces of it, split anywhere, also inside characters. */
export function split(text: string, cuts: readonly number[]): Uint8Array[] {
  const bytes = new TextEncoder().encode(text);
  const at = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((from, index) => bytes.slice(from, at[index] ?? bytes.length));
}

export const someCuts = fc.array(fc.nat(5_000), { maxLength: 12 });

/** All at once, byte by byte, and every way to split in two. */
export function* everySplit(text: string): Generator<Uint8Array[]> {
  const bytes = new TextEncoder().encode(text);
  yield [bytes];
  yield [...bytes].map((byte) => Uint8Array.of(byte));
  for (let at = 0; at <= bytes.length; at += 1) yield [bytes.slice(0, at), bytes.slice(at)];
}
