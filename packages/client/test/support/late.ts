/** A late head, as docs/wire.md says it. */
function lateHead(text: string): string {
  const bytes = [...new TextEncoder().encode(text)];
  const bits = bytes.map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return `\r${bits.replaceAll('0', ' ').replaceAll('1', '\t')}\r`;
}

export const lateHeads = {
  '201': lateHead('201'),
  '422': lateHead('422'),
  '503': lateHead('503\nretry-after: 1'),
  '700': lateHead('700'),
};
