import { DEFAULT_INTERVAL_MS } from '@holdopen/core';
import type { Facts } from '../facts.js';
import { timeOutsOf } from '../hops.js';
import { TIME_OUTS, type TimeOut } from '../time-outs.js';
import { duration, limit, list } from '../words.js';
import { type Finding, note, problem, warning } from './finding.js';

/** How the interval stands to the known time-outs. */
export interface Standing {
  readonly idle: number;
  readonly outlived: number;
  /** Idle time-outs that are over before the next beat. */
  readonly tooShort: readonly TimeOut[];
  /** Time-outs that no beat helps against, and that this answer would have met. */
  readonly total: readonly TimeOut[];
}

export function standingOf({ intervalMs, observation }: Facts): Standing {
  const idle = TIME_OUTS.filter(({ kind }) => kind === 'idle');
  const tooShort = intervalMs === undefined ? [] : idle.filter(({ ms }) => ms <= intervalMs);
  const total = TIME_OUTS.filter(({ kind, ms }) => kind === 'total' && ms <= observation.endMs);
  return { idle: idle.length, outlived: idle.length - tooShort.length, tooShort, total };
}

export function timeOutFindings(facts: Facts): Finding[] {
  const { intervalMs, hops, idleLimitsMs, isHeld, kind } = facts;
  const findings: Finding[] = totals(facts);
  if (intervalMs === undefined || !(isHeld || kind.name === 'stream')) return findings;
  const named = idleLimitsMs.filter((ms) => ms <= intervalMs).map(limit);
  const ofHops = timeOutsOf(hops).filter(({ kind, ms }) => kind === 'idle' && ms <= intervalMs);
  const who = [...ofHops.map(nameAndLimit), ...named.map((text) => `the ${text} that you named`)];
  if (who.length > 0) {
    findings.push(
      problem(
        'interval-too-long',
        `A beat every ${duration(intervalMs)} is too late for ${list(who)}.`,
        'Set a shorter intervalMs, below.',
      ),
    );
    return findings;
  }
  const { tooShort } = standingOf(facts);
  if (intervalMs <= DEFAULT_INTERVAL_MS || tooShort.length === 0) return findings;
  findings.push(
    warning(
      'interval-long',
      `A beat every ${duration(intervalMs)} is too late for ${list(tooShort.map(nameAndLimit))}.`,
      `Set intervalMs: ${DEFAULT_INTERVAL_MS}, unless none of them is on the way.`,
    ),
  );
  return findings;
}

function totals({ observation, hops }: Facts): Finding[] {
  return timeOutsOf(hops)
    .filter(({ kind, ms }) => kind === 'total' && ms <= observation.endMs)
    .map((timeOut) =>
      note(
        'total-time-out',
        `${nameAndLimit(timeOut)} is a total time-out, against which no beat helps; it is set higher here, or this is another product.`,
        'For work that takes longer there are runs.',
      ),
    );
}

function nameAndLimit({ name, ms }: TimeOut): string {
  return `${name} (${limit(ms)})`;
}
