import { type Item, parseDictionary } from './dictionary.js';

/** What the header `HoldOpen` says of a response that was sent in its handler's place. */
export interface Announcement {
  /** Silence after which a beat goes out. */
  readonly intervalMs: number | undefined;
  readonly format: string | undefined;
}

/** `undefined` if the response is not held: it has its true status then. */
export function readAnnouncement(headers: Headers): Announcement | undefined {
  const text = headers.get('holdopen');
  const members = text === null ? undefined : parseDictionary(text);
  if (members === undefined) return undefined;
  const format = members.get('format');
  return {
    intervalMs: intervalOf(members),
    format: typeof format === 'string' ? format : undefined,
  };
}

export function intervalOf(members: ReadonlyMap<string, Item>): number | undefined {
  const interval = members.get('interval');
  return typeof interval === 'number' && interval > 0 ? interval : undefined;
}
