import { Call } from './call.js';
import { EventStream, type HoldEvent } from './events/event-stream.js';
import type { FetchInput } from './fetch-types.js';
import { type HoldOptions, type HoldRequestInit, readOptions } from './options.js';
import { Outgoing } from './request.js';
import { systemRuntime } from './runtime.js';

/** What `holdEvents` can be told. */
export interface HoldEventsOptions extends Omit<HoldOptions, 'json'> {
  /**
   * Whether an event is the last one. With it a stream that ends before is a lost connection, and asked
   * for again where that does no harm. Without it an end is an end, but for runs, which say it themselves.
   * @example (event) => event.data === '[DONE]'
   */
  readonly isTerminal?: ((event: HoldEvent) => boolean) | undefined;
}

/**
 * The events of a stream, by any method and with any headers, over as many connections as it takes.
 *
 * @throws OptionError at once if an option of `holdOpen` is wrong. The iterator throws a `HoldOpenError`
 * when it gives up or the server tells a failure, and the reason of your own signal.
 * @example
 * for await (const { event, data } of holdEvents('/tasks', { method: 'POST', body })) show(event, data);
 */
export function holdEvents(
  input: FetchInput,
  init: HoldRequestInit<HoldEventsOptions> = {},
): AsyncIterableIterator<HoldEvent, undefined> {
  const options = init.holdOpen ?? {};
  const settings = readOptions(options, 'isTerminal');
  const call = new Call(new Outgoing(input, init), settings, systemRuntime);
  return new EventStream(call, options.isTerminal);
}
