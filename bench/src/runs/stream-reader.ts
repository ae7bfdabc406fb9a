import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';

export interface Ask {
  readonly port: number;
  readonly path: string;
  readonly method?: 'GET' | 'POST' | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** One response as it comes in, over a connection of its own. */
export class StreamReader {
  readonly startedMs = performance.now();
  readonly #sent: ClientRequest;
  readonly #response: Promise<IncomingMessage>;
  readonly #chunks: Buffer[] = [];
  readonly #ended: Promise<void>;
  #mark: string | undefined;
  /** What a mark may begin in. */
  #last = '';
  #found: (atMs: number) => void = () => {};

  constructor({ port, path, method = 'GET', headers = {} }: Ask) {
    this.#sent = request({ port, host: '127.0.0.1', path, method, headers, agent: false }).end();
    this.#response = once(this.#sent, 'response').then(([response]: IncomingMessage[]) => {
      if (response?.statusCode !== 200) {
        throw new Error(`${path} answered ${response?.statusCode ?? 'nothing'}`);
      }
      response.on('data', (chunk: Buffer) => this.#add(chunk));
      return response;
    });
    this.#ended = this.#response.then(async (response) => {
      if (!response.readableEnded) await once(response, 'end');
    });
    // Whoever waits for it is told.
    this.#ended.catch(() => {});
  }

  /** Where its run is; `undefined` if it belongs to none. */
  async run(): Promise<string | undefined> {
    const { link } = (await this.#response).headers;
    return /<([^>]+)>; rel="status"/.exec(String(link))?.[1];
  }

  /** When these bytes came, on `performance`'s clock. One at a time, and not those that are there. */
  until(mark: string): Promise<number> {
    const found = new Promise<number>((resolve) => {
      this.#mark = mark;
      this.#found = resolve;
    });
    const missed = this.#ended.then((): never => {
      throw new Error(`the response ended without ${mark}`);
    });
    return Promise.race([found, missed]);
  }

  end(): Promise<void> {
    return this.#ended;
  }

  /** Breaks the connection. */
  leave(): void {
    this.#sent.destroy();
  }

  /** What has come so far. */
  get text(): string {
    return Buffer.concat(this.#chunks).toString('latin1');
  }

  get bytes(): number {
    return this.#chunks.reduce((sum, { length }) => sum + length, 0);
  }

  /** The same for the same bytes. */
  get digest(): string {
    const hash = createHash('sha256');
    for (const chunk of this.#chunks) hash.update(chunk);
    return hash.digest('hex');
  }

  #add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    if (this.#mark === undefined) return;
    const text = this.#last + chunk.toString('latin1');
    if (text.includes(this.#mark)) {
      this.#mark = undefined;
      this.#last = '';
      this.#found(performance.now());
    } else {
      this.#last = text.slice(-this.#mark.length);
    }
  }
}
