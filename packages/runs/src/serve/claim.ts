import type { RunsContext } from '../context.js';
import { isTransient, RunError } from '../errors.js';
import { insist } from '../insist.js';
import { RunWriter } from '../owner/writer.js';
import { newEpoch, newRunId, type RunIdentity, slotOf } from '../run-id.js';
import { type ClaimAnswer, type ClaimRequest, isOverdue, type SettledState } from '../store.js';

/** Of which run is not known before its answer. */
const CLAIM = { operation: 'claim' } as const;

export interface Claimed {
  readonly answer: ClaimAnswer;
  /** Our own clock, just before the store was asked. */
  readonly claimedAt: number;
}

/**
 * Takes the key, or learns who has it. `restart`: the states in which the key starts anew.
 * @throws RunError `store_away`, `store_full`
 */
export async function claim(
  context: RunsContext,
  identity: RunIdentity,
  fingerprint: string,
  restart: readonly SettledState[],
): Promise<Claimed> {
  const { settings, runtime, store } = context;
  const { leaseMs, graceMs, retentionMs } = settings.owner;
  const slot = await slotOf(await context.secret(), identity);
  const request: ClaimRequest = {
    run: newRunId(slot, runtime.random, store.instance),
    epoch: newEpoch(runtime.random),
    principal: identity.principal,
    route: identity.route,
    fingerprint,
    leaseMs,
    graceMs,
    retentionMs,
    restart,
  };
  const once = async (): Promise<Claimed> => {
    const claimedAt = runtime.timers.now();
    return { answer: await context.ask(CLAIM, () => store.claim(request)), claimedAt };
  };
  try {
    const { answer, claimedAt } = await once();
    // Nobody runs it any more: the key meets what is lost, and may start it anew.
    if (answer.outcome !== 'exists' || !isOverdue(answer.record)) return { answer, claimedAt };
    await context.settledIfLost(answer.record);
    return await once();
  } catch (error) {
    if (isAway(error)) void giveBack(context, request);
    throw error;
  }
}

function isAway(error: unknown): boolean {
  return isTransient(error) || (error instanceof RunError && error.code === 'store_away');
}

/**
 * The request is answered 503, and yet its claim may have arrived: nobody would own the run, and its key
 * would be lost though no work was begun.
 */
async function giveBack(context: RunsContext, request: ClaimRequest): Promise<void> {
  const { store, settings, runtime } = context;
  const { timers } = runtime;
  const awayMs = request.leaseMs + request.graceMs;
  try {
    const claimedAt = timers.now();
    const answer = await insist(() => store.claim(request), { ...CLAIM, timers, awayMs });
    if (answer.outcome !== 'started') return;
    await new RunWriter(store, answer.record, claimedAt, settings.owner, timers).release(
      'not_started',
    );
  } catch {
    // It is lost then, as its watchers will say.
  }
}
