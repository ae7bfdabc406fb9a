import { ask } from './exchange/ask.js';
import { DialError, dial } from './exchange/dial.js';
import { failed, Stop } from './exchange/ending.js';
import type { Plan } from './exchange/plan.js';
import { preflight } from './exchange/preflight.js';
import type { Observation, Preflight } from './observation.js';
import { type Progress, Recorder } from './recorder.js';

export interface Watch {
  /** Stops the waiting; what was seen until then is given. */
  readonly signal?: AbortSignal | undefined;
  /** Is handed the way to ask how far it is. */
  readonly onStart?: (progress: () => Progress) => void;
}

/** Asks, and gives what came and when. Never rejects: what fails is what was seen. */
export async function examine(plan: Plan, watch: Watch = {}): Promise<Observation> {
  const stop = new AbortController();
  const interrupt = (): void => stop.abort(new Stop('interrupted'));
  if (watch.signal?.aborted === true) interrupt();
  watch.signal?.addEventListener('abort', interrupt, { once: true });
  const timer = setTimeout(() => stop.abort(new Stop('max-wait')), plan.maxWaitMs);
  const newRecorder = (): Recorder =>
    new Recorder((beats) => {
      if (beats >= (plan.enoughBeats ?? Number.POSITIVE_INFINITY)) {
        stop.abort(new Stop('enough-beats'));
      }
    });

  const about = { method: plan.method, url: plan.url.href };
  let recorder = newRecorder();
  watch.onStart?.(() => recorder.progress);
  let leave: Preflight | undefined;
  try {
    if (plan.origin !== undefined) leave = await preflight(plan, stop.signal);
    recorder = newRecorder();
    const line = await dial(plan, stop.signal);
    recorder = newRecorder();
    const ending = await ask(plan, line, recorder, stop.signal);
    return recorder.observation({ ...about, line: line.facts }, ending, leave);
  } catch (error) {
    const ending = error instanceof DialError ? error.ending : failed('unreachable', error);
    return recorder.observation({ ...about, line: undefined }, ending, leave);
  } finally {
    clearTimeout(timer);
    watch.signal?.removeEventListener('abort', interrupt);
  }
}
