import { createCluster } from 'redis';
import type { RedisCluster } from '../options.js';
import type { Link, LinkEvents } from './link.js';
import { AS_BYTES, CONNECTION_OPTIONS } from './server.js';

/** The client finds the servers of a cluster, follows MOVED and ASK, and reconnects to each by itself. */
export async function openCluster(
  options: RedisCluster,
  connectTimeoutMs: number,
  events: LinkEvents,
): Promise<Link> {
  const { RESP, ...connection } = CONNECTION_OPTIONS;
  const { socket } = options.defaults ?? {};
  const cluster = createCluster({
    ...options,
    RESP,
    defaults: {
      ...options.defaults,
      ...connection,
      // A server that takes the connection and says nothing would be waited for without end. The ping
      // keeps connections that are merely idle.
      pingInterval: Math.ceil(connectTimeoutMs / 2),
      socket: { ...socket, connectTimeout: connectTimeoutMs, socketTimeout: connectTimeoutMs },
    },
  });
  // Single servers come and go; a command says itself whether it was done.
  cluster.on('error', () => {});
  cluster.on('node-error', () => {});
  cluster.on('node-ready', () => events.mended());
  await cluster.connect();
  return {
    send: (key, command) =>
      cluster.sendCommand(key, false, [...command], { typeMapping: AS_BYTES, timeout: 0 }),
    sendToAll: (command) =>
      Promise.all(
        cluster.masters.map(async (node) => {
          const client = await cluster.nodeClient(node);
          return client.sendCommand([...command]);
        }),
      ),
    listen: (channel, hear) => cluster.sSubscribe(channel, hear),
    unlisten: (channel) => cluster.sUnsubscribe(channel),
    destroy: () => {
      if (cluster.isOpen) cluster.destroy();
    },
  };
}
