// One row on one target: what its check works with.
import { expect } from 'vitest';
import { connect, type RawClient } from '../support/raw-client.js';
import { until } from '../support/until.js';
import {
  type Exchange,
  openHttp1,
  openHttp2,
  type Question,
  type Reply,
  requestText,
} from './client/exchange.js';
import type { Note } from './observed.js';
import type { Running } from './program.js';
import type { Row } from './row.js';
import type { Target } from './targets.js';

export class Cell {
  readonly row: Row;
  readonly target: Target;
  readonly expect = expect;
  readonly #server: Running;
  /** The row and the version of HTTP: what the app notes things under. */
  readonly key: string;

  constructor(row: Row, target: Target, server: Running, attempt = '') {
    this.row = row;
    this.target = target;
    this.#server = server;
    this.key = `${row.id}.${target.protocol.replace(/\W/g, '').toLowerCase()}${attempt}`;
  }

  async run(): Promise<void> {
    const { row } = this;
    try {
      if (row.run !== undefined) await row.run(this);
      else await row.check?.(await this.ask(row.ask), this);
    } catch (error) {
      throw withNotes(error, await this.observed().catch(() => []), this.#server.errors());
    }
  }

  get host(): string {
    return `${this.key}.held`;
  }

  ask(question?: Question): Promise<Reply> {
    return this.#ask(this.host, question);
  }

  /** The same of the app without holdOpen. */
  askBare(question?: Question): Promise<Reply> {
    return this.#ask(`${this.key}.bare`, question);
  }

  open(question: Question = {}, host: string = this.host): Promise<Exchange> | Exchange {
    const { port, http2Port } = this.#server;
    const { protocol } = this.target;
    if (protocol !== 'HTTP/2') return openHttp1(port, host, question, protocol);
    if (http2Port === undefined) throw new Error('this program has no HTTP/2');
    return openHttp2(http2Port, host, question);
  }

  /** A connection of HTTP/1, to be written to by hand. */
  connect(): Promise<RawClient> {
    return connect(this.#server.port);
  }

  /** A request as it stands on the wire. */
  request(question: Question = {}): string {
    return requestText(this.host, question, this.target.protocol);
  }

  async observed(what?: string): Promise<readonly Note[]> {
    const notes = (await this.#control('observed')) as readonly Note[];
    return what === undefined ? notes : notes.filter((note) => note.what === what);
  }

  /** The first note of a kind, once it is there. */
  async noted(what: string, count = 1): Promise<Note> {
    let notes: readonly Note[] = [];
    await until(
      () => `${count} of ${what} are noted`,
      async () => {
        notes = await this.observed(what);
        return notes.length >= count;
      },
    );
    return notes[count - 1] as Note;
  }

  async openGate(): Promise<void> {
    await this.#control('gate');
  }

  async refusals(): Promise<unknown> {
    return this.#control('refused');
  }

  drain(options: object): Promise<unknown> {
    return this.#control('drain', `/${encodeURIComponent(JSON.stringify(options))}`);
  }

  async reopen(): Promise<void> {
    await this.#control('reopen');
  }

  /** How many holds the process has. */
  async holds(): Promise<number> {
    return (await this.#control('size')) as number;
  }

  /** Waits for what the process is to write to stderr. */
  errorsHave(text: RegExp): Promise<void> {
    return until(
      () => `${text} is written: ${this.#server.errors()}`,
      () => text.test(this.#server.errors()),
    );
  }

  async #ask(host: string, question?: Question): Promise<Reply> {
    return (await this.open(question, host)).reply();
  }

  async #control(kind: string, path = '/'): Promise<unknown> {
    const host = `${this.key}.${kind}`;
    const exchange = await openHttp1(this.#server.port, host, { path }, 'HTTP/1.1');
    const { body } = await exchange.reply();
    return JSON.parse(body);
  }
}

/** A cell fails far from its cause: what the app noted helps to find it. */
function withNotes(error: unknown, notes: readonly Note[], errors: string): unknown {
  if (!(error instanceof Error)) return error;
  const noted = notes.map((note) => JSON.stringify(note)).slice(0, 20);
  error.message += `\n\nobserved:\n${noted.join('\n')}`;
  // Without stacks, which would be taken for the error's own.
  const said = errors.split('\n').filter((line) => !/^ +at /.test(line));
  if (errors !== '') error.message += `\n\nstderr:\n${said.slice(-12).join('\n')}`;
  return error;
}
