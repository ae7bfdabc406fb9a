// What the work under a key is. Server and auditor both derive it from the key, so that the auditor
// knows what should have come without asking the system that it looks at.
import { chanceOf } from './chance.js';

interface PlannedEvent {
  readonly pauseMs: number;
  readonly data: string;
  /** The handler's own `id`. */
  readonly ownId: string | undefined;
}

export type Plan =
  | {
      readonly kind: 'json';
      readonly pausesMs: readonly number[];
      readonly pieces: readonly string[];
    }
  | { readonly kind: 'sse'; readonly headMs: number; readonly events: readonly PlannedEvent[] };

export function planOf(key: string): Plan {
  const chance = chanceOf('plan', key);
  const isSlow = chance.percent(30);
  const pauseMs = (): number => (isSlow ? chance.from(100, 500) : chance.from(0, 120));
  if (chance.percent(35)) {
    // In one piece when it is whole, or piece by piece.
    const pieces = Array.from({ length: chance.percent(50) ? 1 : chance.from(2, 12) }, (_, i) =>
      padding(key, i, chance),
    );
    const text = JSON.stringify({ key, pieces });
    const size = Math.ceil(text.length / pieces.length);
    return {
      kind: 'json',
      pausesMs: pieces.map(() => (pieces.length === 1 ? chance.from(0, 4_000) : pauseMs())),
      pieces: pieces.map((_, i) => text.slice(i * size, (i + 1) * size)),
    };
  }
  const hasOwnIds = chance.percent(40);
  return {
    kind: 'sse',
    headMs: chance.percent(50) ? 0 : chance.from(0, 1_500),
    events: Array.from({ length: chance.from(1, 40) }, (_, i) => ({
      // Some come together.
      pauseMs: chance.percent(25) ? 0 : pauseMs(),
      data: JSON.stringify({ key, n: i + 1, pad: padding(key, i, chance) }),
      ownId: hasOwnIds && chance.percent(60) ? `own-${i + 1}` : undefined,
    })),
  };
}

/** Mostly small; some so large that a cut falls into the middle. */
function padding(key: string, i: number, chance: ReturnType<typeof chanceOf>): string {
  const length = chance.percent(5) ? chance.from(10_000, 60_000) : chance.from(0, 400);
  return `${key}/${i} `.repeat(Math.ceil(length / 10)).slice(0, length);
}

export function textOf(plan: Extract<Plan, { kind: 'json' }>): string {
  return plan.pieces.join('');
}
