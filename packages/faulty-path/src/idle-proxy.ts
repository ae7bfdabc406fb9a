import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface IdleProxyOptions {
  /** The port on 127.0.0.1 where connections go on. */
  readonly targetPort: number;
  /**
   * Milliseconds without a byte in either direction after which a connection is killed; `Infinity`
   * for never.
   */
  readonly idleMs: number;
  /** The port on 127.0.0.1 to listen on. A free one by default. */
  readonly port?: number;
  /** Sees all bytes as they pass, in the pieces in which they came. */
  readonly onBytes?: (bytes: Buffer, from: 'client' | 'target') => void;
}

export interface IdleProxy {
  readonly port: number;
  /** How many connections were killed for their silence. */
  readonly kills: number;
  /** Destroys all connections and stops listening. */
  close(): Promise<void>;
}

/** The largest delay that Node's timers know. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/**
 * A TCP proxy that does what load balancers, NAT gateways and corporate proxies do: it forwards
 * bytes, and forgets a connection on which nothing has moved for a while.
 *
 * Rejects if the port is taken.
 */
export async function createIdleProxy(options: IdleProxyOptions): Promise<IdleProxy> {
  const { targetPort, idleMs, port = 0, onBytes } = options;
  if (idleMs !== Number.POSITIVE_INFINITY && !(idleMs > 0 && idleMs <= MAX_DELAY_MS)) {
    throw new RangeError(
      `idleMs is ${idleMs}: give milliseconds from 1 to ${MAX_DELAY_MS}, or Infinity for no limit`,
    );
  }

  const open = new Set<Socket>();
  let kills = 0;

  // A side that has sent its FIN can still receive: half-closed is not closed.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const target = connect({
      host: '127.0.0.1',
      port: targetPort,
      allowHalfOpen: true,
      noDelay: true,
    });

    // As real hops do it: a reset, so that neither side mistakes this for a regular end.
    const reset = () => {
      client.resetAndDestroy();
      target.resetAndDestroy();
    };
    const idle =
      idleMs === Number.POSITIVE_INFINITY
        ? undefined
        : setTimeout(() => {
            kills += 1;
            reset();
          }, idleMs);

    const forward = (from: Socket, to: Socket, name: 'client' | 'target') => {
      open.add(from);
      from.on('data', (bytes) => {
        idle?.refresh();
        onBytes?.(bytes, name);
      });
      // Passes back-pressure and the FIN on.
      from.pipe(to);
      // A reset on one side is one on the other, too. That also stands for a target which refuses.
      from.on('error', reset);
      from.on('close', () => {
        open.delete(from);
        if (!open.has(to)) clearTimeout(idle);
      });
    };
    forward(client, target, 'client');
    forward(target, client, 'target');
  });

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });

  return {
    port: (server.address() as AddressInfo).port,
    get kills() {
      return kills;
    },
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        for (const socket of open) socket.destroy();
      }),
  };
}
