import type { HowItEnded } from './diagnostics.js';

/**
 * - `streaming`: the handler sent the head itself, and its body has gaps.
 * - `held`: holdopen sent the head; nothing of the handler's answer is known.
 * - `answering`: the handler's answer is on its way out under that head.
 * - `complete`: ended by the handler.
 * - `failed`: ended or cut by holdopen; what the handler still writes is dropped.
 * - `gone`: the client left.
 * - `untouched`: a stream of the handler that fell silent when there was no room for it.
 */
export type HoldState =
  | 'streaming'
  | 'held'
  | 'answering'
  | 'complete'
  | 'failed'
  | 'gone'
  | 'untouched';

/** The one place that says which state may follow which. */
export const NEXT_STATES: Readonly<Record<HoldState, readonly HoldState[]>> = {
  streaming: ['complete', 'failed', 'gone', 'untouched'],
  held: ['answering', 'failed', 'gone'],
  answering: ['complete', 'failed', 'gone'],
  complete: [],
  failed: [],
  gone: [],
  untouched: [],
};

/** The states in which a hold can end, as the diagnostics name them. */
export const HOW_IT_ENDED = {
  complete: 'complete',
  failed: 'failed',
  gone: 'disconnected',
  untouched: 'untouched',
} as const satisfies Partial<Record<HoldState, HowItEnded>>;

export type FinalState = keyof typeof HOW_IT_ENDED;
