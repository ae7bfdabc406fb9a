import type { IncomingMessage } from 'node:http';

/** RFC 9110, section 7.6.1, and what is said of the framing, which each hop makes anew. */
const HOP_BY_HOP = new Set([
  'connection',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** The fields of a message that go on, with their names as they were written. */
export function forwardedFields(
  message: IncomingMessage,
  dropped: ReadonlySet<string> = new Set(),
): string[] {
  const named = new Set((message.headers.connection ?? '').toLowerCase().split(/[\s,]+/));
  const fields: string[] = [];
  for (let i = 0; i + 1 < message.rawHeaders.length; i += 2) {
    const [name, value] = message.rawHeaders.slice(i, i + 2);
    if (name === undefined || value === undefined) continue;
    const key = name.toLowerCase();
    if (!HOP_BY_HOP.has(key) && !named.has(key) && !dropped.has(key)) fields.push(name, value);
  }
  return fields;
}
