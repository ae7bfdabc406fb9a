import { builtin } from './runtime.js';

interface Channel {
  readonly hasSubscribers: boolean;
  publish(message: unknown): void;
}

const { channel } = builtin<{ channel(name: string): Channel }>('node:diagnostics_channel');

/** Where events of some kind go. `wants` is asked first, so that nobody pays for what nobody reads. */
export interface EventChannels<Event extends { readonly type: string }> {
  wants(type: Event['type']): boolean;
  notify(event: Event): void;
}

/**
 * The channels `holdopen:<type>` of `node:diagnostics_channel`, where the runtime has it. Elsewhere
 * nothing is ever wanted.
 */
export function createChannels<Event extends { readonly type: string }>(
  types: readonly Event['type'][],
): EventChannels<Event> {
  const channels = new Map(types.map((type) => [type, channel?.(`holdopen:${type}`)]));
  return {
    wants: (type) => channels.get(type)?.hasSubscribers === true,
    notify: (event) => channels.get(event.type)?.publish(event),
  };
}
