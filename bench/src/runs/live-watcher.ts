import type { Socket } from 'node:net';
import { sharedMs } from './shared-clock.js';

interface Awaited {
  readonly n: number;
  resolve(latencyMs: number): void;
  reject(error: Error): void;
}

/** One client of a live stream. Each event must be the next one, whatever route it came by. */
export class LiveWatcher {
  readonly #socket: Socket;
  readonly #path: string;
  #text = '';
  #askedMs = 0;
  /** The number of the next event. */
  #next = 0;
  /** Latency of the last one. */
  #latencyMs = Number.NaN;
  #awaited: Awaited | undefined;
  #failure: Error | undefined;

  constructor(socket: Socket, path: string) {
    this.#socket = socket;
    this.#path = path;
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('close', () => this.#fail('the server closed the connection of a watcher'));
    socket.on('error', () => {});
  }

  /** Asks, and gives how long the first event took. */
  attach(): Promise<number> {
    this.#askedMs = sharedMs();
    this.#socket.write(
      `GET ${this.#path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n`,
    );
    return this.heard(0);
  }

  /** How long this event was on its way. It must be the last one. */
  heard(n: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#awaited = { n, resolve, reject };
      if (this.#failure !== undefined) reject(this.#failure);
      this.#settle();
    });
  }

  leave(): void {
    this.#awaited = undefined;
    this.#socket.removeAllListeners('close').destroy();
  }

  #read(chunk: Buffer): void {
    const nowMs = sharedMs();
    this.#text += chunk.toString('latin1');
    if (this.#next === 0 && !'HTTP/1.1 200 OK\r\n'.startsWith(this.#text.slice(0, 17))) {
      this.#fail(`unexpected answer: ${this.#text}`);
    }
    let end = 0;
    // An event is never split between two chunks of the transfer coding: each is one write.
    for (const match of this.#text.matchAll(/data: \{"n":(\d+),"at":([\d.]+)\}\n\n/g)) {
      if (Number(match[1]) !== this.#next) this.#fail(`event ${match[1]}, not ${this.#next}, came`);
      this.#latencyMs = nowMs - (this.#next === 0 ? this.#askedMs : Number(match[2]));
      this.#next += 1;
      end = match.index + match[0].length;
    }
    this.#text = this.#text.slice(end);
    this.#settle();
  }

  #settle(): void {
    if (this.#awaited === undefined || this.#next !== this.#awaited.n + 1) return;
    this.#awaited.resolve(this.#latencyMs);
    this.#awaited = undefined;
  }

  #fail(why: string): void {
    this.#failure ??= new Error(why);
    this.#awaited?.reject(this.#failure);
  }
}
