import type { HoldRegistry } from '@holdopen/core';
import { isOwnStream } from '../own-streams.js';
import { routeName } from './route-name.js';
import { registries } from './totals.js';
import type { HoldRow } from './wire.js';

type ActiveHold = ReturnType<HoldRegistry['active']> extends Iterator<infer Hold> ? Hold : never;

/** What does not change while a hold lives. */
interface HoldFacts {
  readonly route: string;
  readonly client: string;
  readonly startedMs: number;
  /** A moment is worked out of a duration each time, which would not always come to the same millisecond. */
  lifeMs: number;
  sentMs: number;
}

export interface HoldsNow {
  /** The oldest, oldest first. */
  readonly rows: readonly HoldRow[];
  readonly count: number;
  readonly streaming: number;
  /** What the active ones have written so far. */
  readonly payloadSize: number;
}

/** Differences below this come from the clock's grain. */
const GRAIN_MS = 50;

/** The holds as they are now, those of live pages left out. */
export class HoldRows {
  readonly #facts = new WeakMap<object, HoldFacts>();
  readonly #maxRows: number;
  readonly #client: ((request: unknown) => string | undefined) | undefined;

  constructor(maxRows: number, client: ((request: unknown) => string | undefined) | undefined) {
    this.#maxRows = maxRows;
    this.#client = client;
  }

  now(nowMs: number): HoldsNow {
    let count = 0;
    let streaming = 0;
    let payloadSize = 0;
    const oldest: ActiveHold[] = [];
    for (const registry of registries) {
      let taken = 0;
      // In the order in which they began.
      for (const hold of registry.active()) {
        if (isOwnStream(hold.request)) continue;
        count += 1;
        payloadSize += hold.payloadSize;
        if (hold.state === 'streaming') streaming += 1;
        if (taken >= this.#maxRows) continue;
        taken += 1;
        oldest.push(hold);
      }
    }
    const rows = oldest
      .map((hold) => this.#row(hold, nowMs))
      .sort((a, b) => a.startedMs - b.startedMs)
      .slice(0, this.#maxRows);
    return { rows, count, streaming, payloadSize };
  }

  #row(hold: ActiveHold, nowMs: number): HoldRow {
    const { id, state, format, beats, beatsDropped, payloadSize, intervalMs } = hold;
    const facts = this.#factsOf(hold, nowMs);
    facts.lifeMs = settled(facts.lifeMs, nowMs - hold.silentMs);
    facts.sentMs = settled(facts.sentMs, nowMs - hold.unsentMs);
    const { route, client, startedMs, lifeMs, sentMs } = facts;
    const row = { id, route, startedMs, lifeMs, sentMs, state, format, beats, beatsDropped };
    return { ...row, payloadSize, intervalMs, client };
  }

  #factsOf(hold: ActiveHold, nowMs: number): HoldFacts {
    let facts = this.#facts.get(hold);
    if (facts === undefined) {
      const { request } = hold as { request: unknown };
      facts = {
        route: routeName(hold, request),
        client: this.#client?.(request) ?? '',
        startedMs: Math.round(nowMs - hold.heldMs),
        lifeMs: Number.NEGATIVE_INFINITY,
        sentMs: Number.NEGATIVE_INFINITY,
      };
      this.#facts.set(hold, facts);
    }
    return facts;
  }
}

function settled(before: number, now: number): number {
  return Math.abs(now - before) < GRAIN_MS ? before : Math.round(now);
}
