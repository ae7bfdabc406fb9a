import { createClient, RESP_TYPES } from 'redis';
import type { RedisClient } from '../options.js';
import type { Link, LinkEvents } from './link.js';

/** Any bytes may come back, so nothing is taken for text. */
export const AS_BYTES = { [RESP_TYPES.BLOB_STRING]: Buffer };

/** What every connection of the store is opened with. */
export const CONNECTION_OPTIONS = {
  RESP: 3,
  // The store gives up a command by its own clock. The client's would let it wait for a reconnection
  // and then be done a second time, unseen.
  commandOptions: { timeout: 0 },
  disableOfflineQueue: true,
  maintNotifications: 'disabled',
  clientInfoTag: 'holdopen',
} as const;

export async function openServer(
  options: RedisClient['options'],
  connectTimeoutMs: number,
  events: LinkEvents,
): Promise<Link> {
  const { commandOptions: _, ...given } = options ?? {};
  const client = createClient({
    ...given,
    ...CONNECTION_OPTIONS,
    // A connection that broke is replaced by the store, which looks at the new server first.
    socket: { ...given.socket, connectTimeout: connectTimeoutMs, reconnectStrategy: false },
  });
  client.on('error', (error: unknown) => events.broke(error));
  // The client throws when it is closed already.
  const destroy = (): void => {
    if (client.isOpen) client.destroy();
  };
  const handshakeTimer = setTimeout(destroy, connectTimeoutMs);
  try {
    await client.connect();
  } finally {
    clearTimeout(handshakeTimer);
  }
  return {
    send: (_key, command) => client.sendCommand([...command], { typeMapping: AS_BYTES }),
    sendToAll: async (command) => [await client.sendCommand([...command])],
    listen: (channel, hear) => client.subscribe(channel, hear),
    unlisten: (channel) => client.unsubscribe(channel),
    destroy,
  };
}
