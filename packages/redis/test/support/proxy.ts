import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A network between the store and its server that can go wrong. */
export class TcpProxy {
  readonly #server: Server;
  readonly #target: number;
  readonly #pairs = new Set<readonly [client: Socket, server: Socket]>();
  /** What the server says is lost on the way; the sockets stay open. */
  swallowsAnswers = false;
  /** Connections are taken and nothing happens. */
  isBlackHole = false;
  /** What the server says may be changed on the way. */
  rewrite: ((text: string) => string) | undefined;
  /** How many connections there were. */
  connections = 0;

  private constructor(target: number) {
    this.#target = target;
    this.#server = createServer((client) => this.#accept(client));
  }

  static async to(port: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(port);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return `redis://127.0.0.1:${address.port}`;
  }

  /** How many connections there are. */
  get open(): number {
    return this.#pairs.size;
  }

  /** Cuts all connections. */
  cut(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
  }

  async close(): Promise<void> {
    this.#server.close();
    this.cut();
  }

  #accept(client: Socket): void {
    this.connections += 1;
    const server = connect(this.#target, '127.0.0.1');
    const pair = [client, server] as const;
    this.#pairs.add(pair);
    client.on('data', (bytes) => {
      if (!this.isBlackHole) server.write(bytes);
    });
    server.on('data', (bytes) => {
      if (this.swallowsAnswers) return;
      if (this.rewrite === undefined) client.write(bytes);
      else client.write(this.rewrite(bytes.toString('latin1')), 'latin1');
    });
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on('error', () => {});
      one.on('close', () => {
        this.#pairs.delete(pair);
        other.destroy();
      });
    }
  }
}
