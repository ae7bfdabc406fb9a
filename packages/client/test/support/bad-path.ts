import net, { type AddressInfo, type Socket } from 'node:net';

/** What a path does of itself. */
export interface PathHabits {
  /** How much of the answers a connection carries before it breaks; asked for each. */
  readonly maxBytes?: () => number;
  /** Only bytes of bodies count: Chromium takes half a head for the whole. */
  readonly sparesHeads?: boolean;
  /** A connection on which nothing moves for so long is dropped without a word. */
  readonly idleMs?: number;
  /** No connection lives longer. */
  readonly lifeMs?: number;
}

/** A path to a server that breaks when it is told to. Another server can take the place of the first. */
export class BadPath implements AsyncDisposable {
  /** Where it leads. */
  port: number;
  /** How many connections were made. */
  connections = 0;
  /** How many bytes of answers came to it. */
  carried = 0;
  /** Connections are refused by a reset. */
  isDown = false;
  /** Connections stay, and carry nothing: whoever waits for bytes is not told. */
  isMute = false;
  readonly #server: net.Server;
  readonly #sockets = new Set<Socket>();
  readonly #habits: PathHabits;

  private constructor(port: number, habits: PathHabits) {
    this.port = port;
    this.#habits = habits;
    this.#server = net.createServer((client) => this.#connect(client));
  }

  static async to(port: number, habits: PathHabits = {}): Promise<BadPath> {
    const path = new BadPath(port, habits);
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
    const { maxBytes, sparesHeads = false, idleMs = 0, lifeMs } = this.#habits;
    let left = maxBytes?.() ?? Number.POSITIVE_INFINITY;
    client.setTimeout(idleMs, () => client.destroy());
    if (lifeMs !== undefined) {
      const end = setTimeout(() => client.destroy(), lifeMs);
      client.on('close', () => clearTimeout(end));
    }
    let isMuted = false;
    server.on('data', (bytes) => {
      this.carried += bytes.length;
      isMuted ||= this.isMute;
      if (isMuted) return;
      if (sparesHeads && bytes.indexOf('HTTP/1.1 ') === 0) left += bytes.indexOf('\r\n\r\n') + 4;
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
