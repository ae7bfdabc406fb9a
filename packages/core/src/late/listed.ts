import type { DroppedHeaderReason } from '../diagnostics.js';
import { fitLateHeaders, type HeaderPair, isListed } from './head.js';

/** The handler's own head, once it is known. Names are lower case. */
export interface AnswerHead {
  readonly status: number;
  readonly contentType: string | undefined;
  /** Every header of the handler's that differs from what was sent at the commit. */
  readonly headers: readonly HeaderPair[];
  /** Its own head announces beats: the handler has passed on what another holdopen has held. */
  readonly isHeld?: boolean;
  /** For another origin, the names that its page may read; `undefined` for the same origin. */
  readonly exposed: ReadonlySet<string> | undefined;
}

const NONE: ReadonlySet<string> = new Set();

/**
 * The headers that travel in the late head. `dropped` is called for each of the others; for all of
 * them where there is no list, since the format has no late head.
 */
export function selectLateHeaders(
  head: AnswerHead,
  lateHeaders: ReadonlySet<string> | undefined,
  dropped: (name: string, reason: DroppedHeaderReason) => void,
): readonly HeaderPair[] {
  const { exposed } = head;
  const listed: HeaderPair[] = [];
  for (const pair of head.headers) {
    const [name] = pair;
    if (!isListed(name, lateHeaders ?? NONE)) dropped(name, 'unlisted');
    else if (lateHeaders === undefined) dropped(name, 'format');
    else if (exposed !== undefined && !exposed.has(name) && !exposed.has('*')) {
      dropped(name, 'not_exposed');
    } else listed.push(pair);
  }
  const fitted = fitLateHeaders(listed);
  for (const name of fitted.dropped) dropped(name, 'size');
  return fitted.fitting;
}
