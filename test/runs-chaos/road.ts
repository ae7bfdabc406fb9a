import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A way to a port that can break. Whoever listens there may come and go. */
export class Road {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** What comes back is lost on the way, and the sockets stay open. */
  swallowsAnswers = false;

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  /** `target`: asked for each connection. */
  static async to(target: () => number): Promise<Road> {
    const server = createServer({ allowHalfOpen: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const road = new Road(server);
    server.on('connection', (client: Socket) => {
      road.#join(client, connect({ port: target(), host: '127.0.0.1', allowHalfOpen: true }));
    });
    return road;
  }

  /** Cuts all connections; gives how many there were. */
  cut(): number {
    const count = this.#sockets.size / 2;
    for (const socket of this.#sockets) socket.destroy();
    return count;
  }

  close(): void {
    this.#server.close();
    this.cut();
  }

  #join(client: Socket, server: Socket): void {
    client.pipe(server);
    server.on('data', (bytes: Buffer) => {
      if (this.swallowsAnswers) return;
      if (!client.write(bytes)) server.pause();
    });
    client.on('drain', () => server.resume());
    server.on('end', () => client.end());
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(one);
      one.setNoDelay(true);
      one.on('error', () => other.destroy());
      one.on('close', (hadError) => {
        this.#sockets.delete(one);
        // What was ended in order is flushed first.
        if (hadError || !one.readableEnded) other.destroy();
      });
    }
  }
}
