export {
  AnswerError,
  HoldOpenError,
  type HoldOpenErrorCode,
  type HoldOpenErrorFacts,
  OptionError,
  type RunStatus,
  TransportError,
} from './errors.js';
export type { HoldEvent } from './events/event-stream.js';
export { type HoldEventsOptions, holdEvents } from './hold-events.js';
export { holdFetch } from './hold-fetch.js';
export {
  DEFAULT_BASE_DELAY_MS,
  DEFAULT_KEY_HEADER,
  DEFAULT_MAX_ATTEMPTS,
  DEFAULT_MAX_DELAY_MS,
  DEFAULT_MAX_RETRY_AFTER_MS,
  DEFAULT_MAX_SILENCE_MS,
  type HeadersContext,
  type HeadersSource,
  type HoldOptions,
  type HoldRequestInit,
  type RetryOptions,
} from './options.js';
export type { HoldResponse, Outcome, ResponseHold } from './response.js';
export type { PersistOptions, PersistStorage } from './run/persist.js';
export type { HoldState, HoldStateName } from './state.js';
export type { FailureKind } from './transport/failure.js';
export type { Problem } from './wire/problem.js';
