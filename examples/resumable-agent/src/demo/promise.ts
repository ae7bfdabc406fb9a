import type { Figures } from './scenes.js';

/** A busy machine is a little late. */
const SLACK_MS = 1_000;

/** What was promised of a scene and did not come to pass. */
export function brokenPromises(figures: Figures): string[] {
  const { scene, outcome, events, of, inOrder, starts, toldAfterMs, toldWithinMs } = figures;
  const wanted = EXPECTED[scene] ?? { outcome: 'completed', starts: 1 };
  const broken: string[] = [];
  if (outcome !== wanted.outcome) broken.push(`ended as ${outcome}, not as ${wanted.outcome}`);
  if (starts !== wanted.starts) broken.push(`work started ${starts} times, not ${wanted.starts}`);
  if (!inOrder) broken.push('events were missing, repeated or out of order');
  if (outcome === 'completed' && events !== of) broken.push(`${events} of ${of} events came`);
  if (toldAfterMs !== undefined && toldWithinMs !== undefined) {
    const late = toldAfterMs - toldWithinMs - SLACK_MS;
    if (late > 0)
      broken.push(`lost was said after ${toldAfterMs} ms, not within ${toldWithinMs} ms`);
  }
  const { exitCode = 0 } = figures;
  if (exitCode !== 0) broken.push(`the exit code was ${exitCode}`);
  return broken.map((what) => `${scene}: ${what}`);
}

/** Of the scenes that do not end with the whole answer of work that was started once. */
const EXPECTED: Readonly<Record<string, Pick<Figures, 'outcome' | 'starts'>>> = {
  'owner-killed': { outcome: 'lost', starts: 1 },
  'owner-killed-again': { outcome: 'lost', starts: 0 },
  rerun: { outcome: 'lost', starts: 1 },
};
