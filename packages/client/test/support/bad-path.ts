import net, { type AddressInfo, type Socket } from 'node:net';

/** A path to a server that breaks when it is told to. Another server can take the place of the first. */
export class BadPath implements AsyncDisposable {
  /** Where it leads. */
  port: number;
  /** How many connections were made. */
  connections = 0;
  /** Connections are refused by a reset. */
  isDown = false;
  readonly #server: net.Server;
  readonly #sockets = new Set<Socket>();
  readonly #maxBytes: () => number;

  private constructor(port: number, maxBytes: () => number) {
    this.port = port;
    this.#maxBytes = maxBytes;
    this.#server = net.createServer((client) => this.#connect(client));
  }

  /** `maxBytes`: how much of the answers a connection carries before it breaks. */
  static async to(port: number, maxBytes = () => Number.POSITIVE_INFINITY): Promise<BadPath> {
    const path = new BadPath(port, maxBytes);
    await new Promise<void>((resolve) => path.#server.listen(0, '127.0.0.1', resolve));
    return path;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** Every connection that there is, now. */
  breakAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #connect(client: Socket): void {
    this.connections += 1;
    if (this.isDown) {
      client.resetAndDestroy();
      return;
    }
    const server = net.connect(this.port, '127.0.0.1');
    let left = this.#maxBytes();
    server.on('data', (bytes) => {
      client.write(bytes.subarray(0, left));
      left -= bytes.length;
      if (left <= 0) {
        client.destroySoon();
        server.destroy();
      }
    });
    client.on('data', (bytes) => server.write(bytes));
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroySoon();
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.breakAll();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
