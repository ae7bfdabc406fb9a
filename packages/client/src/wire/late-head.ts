export type HeaderPair = readonly [name: string, value: string];

/** The true status, and headers, of an answer whose head had been sent before. */
export interface LateHead {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: readonly HeaderPair[];
}

/** No late head is longer: 8 characters for each of 256 bytes, and its ends. */
export const MAX_LATE_HEAD_LENGTH = 2_050;

/** Reads the late head out of the white space before a JSON payload (`docs/wire.md`). */
export function parseLateHead(whitespace: string): LateHead | undefined {
  const bits = /\r((?:[ \t]{8})+)\r$/.exec(whitespace)?.[1];
  if (bits === undefined) return undefined;
  const bytes = Uint8Array.from(bits.match(/.{8}/g) ?? [], byteOf);
  try {
    return parseText(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

function byteOf(bits: string): number {
  let byte = 0;
  for (const bit of bits) byte = byte * 2 + (bit === '\t' ? 1 : 0);
  return byte;
}

function parseText(text: string): LateHead | undefined {
  const [status = '', ...lines] = text.split('\n');
  if (!/^[1-9]\d\d$/.test(status)) return undefined;
  const headers: HeaderPair[] = [];
  for (const line of lines) {
    const colon = line.indexOf(': ');
    if (colon < 1) return undefined;
    headers.push([line.slice(0, colon), line.slice(colon + 2)]);
  }
  return { status: Number(status), headers };
}
