import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Whatever has events: requests, responses, sockets, HTTP/2 streams and servers. */
type Emitter = EventEmitter;

const watched = new WeakMap<Emitter, Journal>();

/** Everything that can be seen of one connection from inside the process, in order. */
export class Journal {
  readonly lines: string[] = [];
  /** Ends the connection from the client's side. */
  clientLeaves: () => void = () => {};
  /** Whether holdopen stands around the handler. */
  watched = false;
  readonly #changed = new EventEmitter();
  readonly #open = new Set<ServerResponse>();
  readonly #eager: boolean;
  closedResponses = 0;
  closedSockets = 0;

  /** `eager`: how often a body is read or drained depends on the system and is left out. */
  constructor(eager: boolean) {
    this.#eager = eager;
  }

  add(line: string): void {
    // How many pieces a body arrives in is up to the system.
    if (line !== this.lines.at(-1)) this.lines.push(line);
  }

  /** Logs every event that `emitter` emits, without being one of its listeners. */
  watch(name: string, emitter: Emitter, after: (event: string) => void = () => {}): void {
    if (watched.has(emitter)) return;
    watched.set(emitter, this);
    const { emit } = emitter;
    const journal = this;
    function watchedEmit(this: Emitter, event: string | symbol, ...args: unknown[]): boolean {
      const loud = !SILENT.has(event) && !(journal.#eager && UP_TO_THE_SYSTEM.has(event));
      if (loud) journal.add(`${name} emits ${String(event)}${args.map(errorSuffix).join('')}`);
      after(String(event));
      return Reflect.apply(emit, this, [event, ...args]);
    }
    Object.defineProperty(emitter, 'emit', {
      value: watchedEmit,
      configurable: true,
      writable: true,
      enumerable: false,
    });
  }

  opened(res: ServerResponse): void {
    this.#open.add(res);
  }

  closed(res: ServerResponse): void {
    this.#open.delete(res);
    this.closedResponses += 1;
    this.#changed.emit('change');
  }

  socketClosed(): void {
    this.closedSockets += 1;
    this.#changed.emit('change');
  }

  /** The handler failed: nobody will end what is still open. */
  failed(origin: string, error: unknown): void {
    this.add(`${origin}: ${describe(error)}`);
    for (const res of this.#open) if (!res.writableEnded) res.destroy();
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise((resolve) => this.#changed.once('change', resolve));
  }

  /** Until all that is still on its way has come: handlers go on when their connection is closed. */
  async untilQuiet(): Promise<void> {
    for (let seen = -1; seen < this.lines.length; ) {
      seen = this.lines.length;
      for (let turn = 0; turn < QUIET_TURNS; turn += 1) await new Promise(setImmediate);
    }
  }
}

const QUIET_TURNS = 3;

/** They come by chance, or twice in different orders: `data` before `readable` and the like. */
const SILENT = new Set<string | symbol>([
  'newListener',
  'removeListener',
  'connection',
  'readable',
]);
const UP_TO_THE_SYSTEM = new Set<string | symbol>(['data', 'drain', 'pause', 'resume']);

function errorSuffix(value: unknown): string {
  return value instanceof Error ? ` ${describe(value)}` : '';
}

function describe(value: unknown): string {
  if (value instanceof Error) {
    const { code } = value as NodeJS.ErrnoException;
    return `${value.name} ${code ?? ''} "${value.message}"`;
  }
  if (typeof value === 'function') return 'function';
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const { name } = value.constructor;
    if (name !== 'Object') return `[${name}]`;
  }
  return JSON.stringify(value) ?? String(value);
}

/** What a handler does, written down: what it gets back, what is thrown, what it can read. */
export class Probe {
  readonly self: unknown;
  readonly extra: readonly unknown[];
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly journal: Journal;
  readonly #name: string;
  readonly #eager: boolean;
  readonly #http2: boolean;

  constructor(
    journal: Journal,
    name: string,
    self: unknown,
    [req, res, ...extra]: [IncomingMessage, ServerResponse, ...unknown[]],
    eager: boolean,
  ) {
    this.journal = journal;
    this.self = self;
    this.extra = extra;
    this.req = req;
    this.res = res;
    this.#name = name;
    this.#eager = eager;
    this.#http2 = 'stream' in res;
    journal.watched ||= Reflect.get(req, 'holdOpen') !== undefined;
    journal.opened(res);
    journal.watch(`${name} req`, req);
    journal.watch(`${name} res`, res, (event) => {
      this.look();
      if (event === 'close' && !this.#http2) journal.closed(res);
    });
    const stream: unknown = Reflect.get(res, 'stream');
    if (stream instanceof EventEmitter) {
      journal.watch(`${name} stream`, stream, (event) => {
        // Not that of the response: Node leaves it out after a HEAD that was destroyed.
        if (event === 'close') journal.closed(res);
      });
    }
    this.look();
  }

  note(line: string): void {
    this.journal.add(`${this.#name} ${line}`);
  }

  /** Calls a method of the response as the handler would. */
  call(method: keyof ServerResponse, ...args: readonly unknown[]): unknown {
    return this.do(`res.${String(method)}(${args.map(short).join(', ')})`, () => {
      const bound: unknown = this.res[method];
      if (typeof bound !== 'function') throw new Error(`there is no res.${String(method)}`);
      return Reflect.apply(bound, this.res, args);
    });
  }

  /** For a response that Node refused to end. */
  giveUp(): void {
    if (!this.res.writableEnded) this.call('destroy');
  }

  /** Notes what `action` returns or throws. */
  do<T>(label: string, action: () => T): T | undefined {
    try {
      const result = action();
      this.note(`${label} -> ${this.#nameOf(result)}`);
      return result;
    } catch (error) {
      this.note(`${label} throws ${describe(error)}`);
      return undefined;
    } finally {
      this.look();
    }
  }

  /** A callback that notes when it is called and with what. */
  callback(label: string, then: () => void = () => {}): (...args: unknown[]) => void {
    return (...args) => {
      this.note(`calls back ${label}(${args.map(describe).join(', ')})`);
      this.look();
      then();
    };
  }

  /** Notes everything there is to read. */
  look(): void {
    this.note(`  ${this.#facts(this.res)}`);
    const { req, res } = this;
    this.note(`  req ${read(req, REQUEST_FACTS)} ${listeners(req)}`);
    this.note(`  res ${listeners(res)}`);
    const { socket } = req;
    if (!this.#http2 && socket !== null && socket !== undefined) {
      const { timeout } = socket;
      this.note(`  socket timeout=${timeout} destroyed=${socket.destroyed} ${listeners(socket)}`);
    }
  }

  #facts(res: ServerResponse): string {
    const names = this.#http2 ? HTTP2_FACTS : RESPONSE_FACTS;
    const facts = read(res, this.#eager ? names.filter((name) => !BUFFER_FACTS.has(name)) : names);
    const methods = HEADER_READERS.map((name) => {
      const method: unknown = Reflect.get(res, name);
      if (typeof method !== 'function') return '';
      return `${name}=${JSON.stringify(Reflect.apply(method, res, []))}`;
    });
    return `${facts} ${methods.join(' ')}`;
  }

  #nameOf(value: unknown): string {
    if (value === this.res) return 'res';
    if (value === this.req) return 'req';
    if (value instanceof Promise) return 'promise';
    if (this.#eager && typeof value === 'boolean') return 'boolean';
    return describe(value);
  }
}

const HTTP2_FACTS = [
  'headersSent',
  'finished',
  'statusCode',
  'writableEnded',
  'writableLength',
  'writableNeedDrain',
  'writableCorked',
  'destroyed',
  'closed',
  'sendDate',
  'writable',
];
const RESPONSE_FACTS = [
  ...HTTP2_FACTS,
  'writableFinished',
  'writableObjectMode',
  'writableHighWaterMark',
  'statusMessage',
  'errored',
  'chunkedEncoding',
  'shouldKeepAlive',
  'useChunkedEncodingByDefault',
  'strictContentLength',
  '_hasBody',
  '_header',
  '_last',
  '_contentLength',
  '_removedTE',
  '_removedContLen',
  '_removedConnection',
];
const BUFFER_FACTS = new Set(['writableLength', 'writableNeedDrain']);
const REQUEST_FACTS = [
  'complete',
  'aborted',
  'destroyed',
  'closed',
  'readableEnded',
  'readableFlowing',
  'method',
  'url',
  'headers',
  'trailers',
];
const HEADER_READERS = ['getHeaders', 'getHeaderNames', 'getRawHeaderNames'];

function read(from: object, names: readonly string[]): string {
  return names.map((name) => `${name}=${fact(from, name)}`).join(' ');
}

function fact(from: object, name: string): string {
  const value: unknown = Reflect.get(from, name);
  if (value instanceof Error) return describe(value);
  return typeof value === 'string' ? JSON.stringify(undated(value)) : JSON.stringify(value);
}

function listeners(emitter: Emitter): string {
  return emitter
    .eventNames()
    .map((event) => `${String(event)}:${emitter.listenerCount(event)}`)
    .sort()
    .join(',');
}

/** The one thing that differs between two equal responses. */
export function undated(text: string): string {
  return text.replace(/^(date: )[^\r\n]*/gim, '$1(now)');
}

function short(value: unknown): string {
  const text = Buffer.isBuffer(value) ? `buffer of ${value.length}` : describe(value);
  return text.length > 60 ? `${text.slice(0, 40)}… (${text.length})` : text;
}
