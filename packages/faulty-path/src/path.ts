import { type AddressInfo, createServer, type Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ConnectionRecord, PathConnection } from './connection.js';
import type { Direction, FaultSpec, How } from './faults.js';
import { hopHabits, openHop } from './http/hop.js';
import { Ledger } from './ledger.js';
import { Link } from './link.js';
import { checkOptions, type FaultyPathOptions } from './options.js';
import { drawPlan } from './plan.js';
import { createDraw, randomSeed } from './random.js';
import { formatReport } from './report.js';
import { connectOptions } from './target.js';
import { Waiting, type WaitOptions } from './waiting.js';

/**
 * A path between clients and a target, on real sockets, with the faults that were asked for.
 *
 * @example
 * await using path = await createFaultyPath({
 *   target: 'http://127.0.0.1:3000',
 *   faults: [{ type: 'idle-kill', afterMs: 1_000 }],
 * });
 * await expect(fetch(path.url)).rejects.toThrow();
 * expect(path.connections[0]?.end).toEqual({ by: 'path', how: 'rst', why: 'idle-kill' });
 *
 * @throws FaultyPathError `invalid_option`. Rejects with `EADDRINUSE` if the port is taken.
 */
export async function createFaultyPath(options: FaultyPathOptions): Promise<FaultyPath> {
  checkOptions(options);
  const path = new FaultyPath(options);
  await path.up();
  return path;
}

/** Made by {@link createFaultyPath}. */
export class FaultyPath implements AsyncDisposable {
  /** What all chance comes from. The same seed gives the same plan to the connection of the same number. */
  readonly seed: number;
  readonly #options: FaultyPathOptions;
  readonly #ledger: Ledger;
  readonly #links = new Map<ConnectionRecord, Link>();
  readonly #waiting = new Waiting();
  readonly #host: string;
  #port: number;
  #server: Server | undefined;
  #isPaused = false;
  #swallowed: Direction | 'both' | undefined;

  constructor(options: FaultyPathOptions) {
    this.#options = options;
    this.#host = options.host ?? '127.0.0.1';
    this.#port = options.port ?? 0;
    this.seed = options.seed ?? randomSeed();
    this.#ledger = new Ledger(options.keepClosed);
  }

  get host(): string {
    return this.#host;
  }

  get port(): number {
    return this.#port;
  }

  /** `http://host:port`. */
  get url(): string {
    return `http://${this.#host.includes(':') ? `[${this.#host}]` : this.#host}:${this.#port}`;
  }

  /** The connections that are open and the last that were closed, in the order in which they were accepted. */
  get connections(): readonly PathConnection[] {
    return this.#ledger.connections;
  }

  /** How many closed connections are no longer among `connections`, because `keepClosed` newer ones are. */
  get forgotten(): number {
    return this.#ledger.forgotten;
  }

  /** Ends all connections that there are, and gives how many they were. */
  killAll(how: How = 'rst'): number {
    return this.#kill(how, 'killAll');
  }

  /** Nothing moves any more, and nothing is lost: connections that come are accepted and wait, too. */
  pause(): void {
    this.#isPaused = true;
    for (const link of this.#links.values()) link.pause();
  }

  /** Whatever is sent from now on vanishes, on these connections and on those that come. */
  blackHole(of: Direction | 'both' = 'both'): void {
    this.#swallowed = of;
    for (const link of this.#links.values()) link.swallow(of);
  }

  /** Ends `pause` and `blackHole`, and black holes that connections were in. What vanished stays lost. */
  resume(): void {
    this.#isPaused = false;
    this.#swallowed = undefined;
    for (const link of this.#links.values()) link.resume();
  }

  /** Ends all connections and refuses new ones, as a machine does on which nothing listens. */
  async down(how: 'fin' | 'rst' = 'rst'): Promise<void> {
    this.#server?.close();
    this.#server = undefined;
    this.#kill(how, 'down');
  }

  /** Listens again, on the same port. Rejects with `EADDRINUSE` if somebody else has taken it meanwhile. */
  async up(): Promise<void> {
    if (this.#server !== undefined) return;
    // A side that has sent its FIN can still receive: half-closed is not closed.
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
      try {
        this.#accept(client);
      } catch (error) {
        // A function of the user's that throws is the user's to mend, and must not keep a socket.
        client.resetAndDestroy();
        throw error;
      }
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(this.#port, this.#host, resolve);
    });
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Waits until something is true. It is asked again whenever anything has changed. */
  waitFor(condition: (path: FaultyPath) => boolean, options?: WaitOptions): Promise<void> {
    return this.#waiting.until(
      () => condition(this),
      () => this.report(),
      options,
    );
  }

  /**
   * Waits until the connection of this number, from 1, was made and is closed.
   *
   * @throws RangeError if it is forgotten already: `keepClosed` says how many are kept.
   */
  async closed(number: number, options?: WaitOptions): Promise<PathConnection> {
    let found: PathConnection | undefined;
    await this.waitFor(() => {
      found = this.#ledger.find(number);
      return found?.state === 'closed';
    }, options);
    if (found === undefined) throw new RangeError(`there is no connection ${number}`);
    return found;
  }

  /** The seed, and what became of each connection, in lines for people. */
  report(): string {
    return formatReport(this.seed, this.connections, this.forgotten);
  }

  /** Ends all connections and stops listening. Nothing of the path is left then. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const link of this.#links.values()) link.destroy();
    if (server !== undefined) await new Promise((resolve) => server.close(resolve));
    await this.waitFor(() => this.#links.size === 0);
    this.#waiting.end(() => this.report());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #kill(how: How, why: 'killAll' | 'down'): number {
    const links = [...this.#links.values()];
    for (const link of links) link.kill(how, why);
    return links.length;
  }

  #accept(client: Socket): void {
    const number = this.#ledger.next();
    const draw = createDraw(this.seed, number);
    const { faults = [], onBytes, onOpen, onClose } = this.#options;
    const specs: readonly FaultSpec[] =
      typeof faults === 'function' ? faults(number, draw) : faults;
    const record: ConnectionRecord = {
      number,
      plan: drawPlan(specs, draw),
      state: 'open',
      openedAtMs: Date.now(),
      requestBytes: 0,
      responseBytes: 0,
    };
    this.#ledger.add(record);
    onOpen?.(record);
    const link = new Link({
      client,
      connect: () => this.#connect(record),
      record,
      draw,
      onBytes: (bytes, from) => onBytes?.(bytes, from, record),
      onChange: () => {
        const isOver = record.state === 'closed' && this.#links.delete(record);
        if (isOver) onClose?.(record);
        this.#waiting.look();
        if (isOver) this.#ledger.close(record);
      },
    });
    this.#links.set(record, link);
    if (this.#isPaused) link.pause();
    if (this.#swallowed !== undefined) link.swallow(this.#swallowed);
    this.#waiting.look();
  }

  #connect({ plan, number }: PathConnection): Duplex {
    const { target } = this.#options;
    const open = (socket: Socket) =>
      socket
        .setNoDelay(true)
        .connect(connectOptions(typeof target === 'function' ? target(number) : target));
    const habits = hopHabits(plan);
    if (habits !== undefined) return openHop(habits, open);
    return open(new Socket({ allowHalfOpen: true }));
  }
}
