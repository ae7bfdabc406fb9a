import { headerOf } from './exchange/plan.js';
import type { Observation } from './observation.js';
import { heldBy } from './recorder.js';

/** What it is that was seen. */
export type Kind =
  | { readonly name: 'unreachable' }
  /** The doctor stopped waiting, and nothing had come. */
  | { readonly name: 'silent' }
  | { readonly name: 'redirect'; readonly location: string }
  /** A hop answers that the server behind it did not. */
  | { readonly name: 'gave-up' }
  | { readonly name: 'refused'; readonly status: number }
  /** The head went out in place of the handler. */
  | { readonly name: 'held'; readonly intervalMs: number | undefined }
  /** The handler's own stream, in whose silences there are beats of holdopen. */
  | { readonly name: 'held-stream'; readonly intervalMs: number }
  /** A stream that knows nothing of holdopen, with beats of its own or without. */
  | { readonly name: 'stream' }
  | { readonly name: 'answer' };

/** Statuses that are a hop's and hardly ever an application's. 52x are Cloudflare's. */
const OF_HOPS = new Set([502, 504, 520, 521, 522, 523, 524, 598, 599]);

/** `isOfHop`: its page is one of a hop's own, or it came when a hop's time was over. */
export function kindOf({ head, body, ending }: Observation, isOfHop: boolean): Kind {
  if (head === undefined) {
    return { name: ending.how === 'stopped' ? 'silent' : 'unreachable' };
  }
  const { status, headers } = head;
  const held = heldBy(headers);
  if (held !== undefined && status === 200) return { name: 'held', intervalMs: held.intervalMs };
  const location = headerOf(headers, 'location');
  if (status >= 300 && status < 400 && location !== undefined)
    return { name: 'redirect', location };
  if (OF_HOPS.has(status) || (status === 503 && isOfHop)) return { name: 'gave-up' };
  if (status >= 400) return { name: 'refused', status };
  if (body.announcedMs !== undefined) return { name: 'held-stream', intervalMs: body.announcedMs };
  const isStream = body.format === 'sse' || body.format === 'ndjson' || body.format === 'json-seq';
  const hasBeats = body.arrivals.some(({ kind }) => kind === 'beat');
  return { name: isStream || hasBeats ? 'stream' : 'answer' };
}
