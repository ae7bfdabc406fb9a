import type { HoldEvent, HoldInfo, LateOutcome } from '@holdopen/core';
import { isOwnStream } from '../own-streams.js';
import type { RouteLabels } from '../route.js';
import { watchHolds } from '../watch.js';
import { type CauseMessage, causeFacts, clip } from './cause.js';
import { type ConnectionFacts, connectionEnd, connectionFacts } from './connection.js';
import type { Ledger } from './ledger.js';
import type { IncidentFacts } from './record.js';
import type { RequestRuns } from './request-runs.js';

const LONGEST_FORMAT_NAME = 40;

/** What is gathered of one hold from its first beat on. */
interface OpenHold {
  readonly route: string;
  readonly connection: ConnectionFacts | undefined;
  silences: number;
  longestSilenceMs: number;
  /** From the beginning of the hold. */
  silenceBeganMs: number;
}

/** Writes down each hold that needs beats, and how it failed if it does. */
export function keepHolds(
  ledger: Ledger,
  labels: RouteLabels,
  causeMessage: CauseMessage | undefined,
  requestRuns: RequestRuns,
): () => void {
  const open = new Map<HoldInfo, OpenHold>();

  return watchHolds(
    (event) => {
      if (event.type === 'end') ended(event);
      else if ('hold' in event && !isOwnStream(event.request)) silent(event);
    },
    ['beat', 'beat-dropped', 'end'],
  );

  function silent({ hold, request }: { hold: HoldInfo; request: unknown }): void {
    let one = open.get(hold);
    if (one === undefined) {
      one = beginning(hold, request);
      open.set(hold, one);
      ledger.open('hold', hold.id, one.route);
    }
    const { heldMs, silentMs } = hold;
    // All that need but one beat are about equally long; when each began tells them apart.
    const beganMs = heldMs - silentMs;
    if (one.silences === 0 || beganMs > one.silenceBeganMs) one.silences += 1;
    one.silenceBeganMs = beganMs;
    one.longestSilenceMs = Math.max(one.longestSilenceMs, silentMs);
  }

  function ended({ hold, request, how, heldMs, outcome }: HoldEvent & { type: 'end' }): void {
    const one = open.get(hold);
    open.delete(hold);
    const isFailure = how === 'failed' || how === 'disconnected';
    // Whoever closes the live page has left nothing that failed.
    if (isFailure && !isOwnStream(request)) {
      const { route, connection, silences, longestSilenceMs } = one ?? beginning(hold, request);
      const openedAtMs = connection?.openedAtMs;
      const run = requestRuns.of(request);
      const end = how === 'disconnected' ? connectionEnd(request) : undefined;
      ledger.failed({
        subject: 'hold',
        outcome: how,
        route,
        hold: hold.id,
        ...(run === undefined ? {} : { run }),
        ...(how === 'failed' ? failureOf(outcome, causeMessage) : {}),
        format: clip(hold.format, LONGEST_FORMAT_NAME),
        intervalMs: hold.intervalMs,
        heldMs: Math.round(heldMs),
        idleMs: Math.round(hold.unsentMs),
        silentMs: Math.round(hold.silentMs),
        silences,
        longestSilenceMs: Math.round(longestSilenceMs),
        beats: hold.beats,
        beatsDropped: hold.beatsDropped,
        bytes: hold.payloadSize,
        ...(openedAtMs === undefined
          ? {}
          : { connectionMs: Math.round(performance.now() - openedAtMs) }),
        ...(end === undefined ? {} : { connectionEnd: end }),
        ...(connection === undefined ? {} : { httpVersion: connection.httpVersion }),
      });
    }
    if (one !== undefined) ledger.close('hold', hold.id);
  }

  function beginning(hold: HoldInfo, request: unknown): OpenHold {
    const { method, route } = labels.of(hold, request);
    return {
      route: `${method} ${route}`,
      connection: connectionFacts(request),
      silences: 0,
      longestSilenceMs: 0,
      silenceBeganMs: 0,
    };
  }
}

function failureOf(
  outcome: LateOutcome | undefined,
  causeMessage: CauseMessage | undefined,
): Partial<IncidentFacts> {
  // Only the end of an event stream at a shutdown comes without one.
  if (outcome === undefined || outcome.ok) return { code: 'drained' };
  const cause = causeFacts(outcome.error, causeMessage);
  const { status, code } = outcome;
  return { status, code, ...(cause === undefined ? {} : { cause }) };
}
