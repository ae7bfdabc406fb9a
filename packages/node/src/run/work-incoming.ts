import type { IncomingMessage } from 'node:http';
import type { RequestHold } from '@holdopen/fetch';
import type { HeldResponse } from '../message.js';
import { exchangeListeners, type Faces, type Listeners, type OtherFace } from './faces.js';
import { isAbort, isOfClient, tellOfAbort } from './request-guard.js';

type Fields = IncomingMessage & {
  originalUrl?: string;
  query?: Record<string, unknown>;
};

/** What the web's requests say that the work must see otherwise. */
export interface Given {
  readonly res: HeldResponse;
  /** As the client sent it. */
  readonly asked: Request;
  /** As the work gets it. */
  readonly given: Request;
  readonly hold: RequestHold;
  /** In the place of the connection's; `undefined` where there is none. */
  readonly socket: IncomingMessage['socket'] | undefined;
  /** Whoever has listened to the body outside has heard all of it. */
  readonly isHeard: boolean;
  /** The application has given up. */
  readonly fail: (error: unknown) => void;
}

/**
 * The request of a run's work. It is the same object, and tells nothing of the connection any more: no
 * `aborted`, no `close` of a client that leaves, a socket that stays. Conditions and codings that are
 * one client's are hidden, while the connection's face is not shown.
 */
export class WorkIncoming implements OtherFace {
  readonly #req: Fields;
  readonly #faces: Faces;
  readonly #changes: readonly (readonly [name: string, value: string | undefined])[];
  readonly #emit: (name: string | symbol, ...args: unknown[]) => boolean;
  readonly #destroy: (error?: Error) => IncomingMessage;
  #hiddenListeners: Listeners = { events: Object.create(null), count: 0 };
  #headers: Record<string, string | string[] | undefined> = {};
  #hold: RequestHold | undefined;
  #socket: IncomingMessage['socket'] | undefined;
  #isInside = false;
  readonly #isHeard: boolean;
  /** Somebody outside waits for the body, which the work is to read. */
  readonly #isAwaited: boolean;

  constructor(
    req: IncomingMessage,
    faces: Faces,
    { res, asked, given, hold, socket, fail, isHeard }: Given,
  ) {
    this.#req = req as Fields;
    this.#faces = faces;
    this.#changes = changesOf(asked.headers, given.headers);
    this.#emit = req.emit;
    this.#destroy = req.destroy;
    this.#hold = hold;
    this.#socket = socket;
    this.#isHeard = isHeard;
    this.#isAwaited = !isHeard && req.listenerCount('data') > 0;
    if (given.url !== asked.url) this.#changeUrl(new URL(given.url));
    req.emit = (name: string | symbol, ...args: unknown[]) => this.#told(name, args);
    req.destroy = (error?: Error) => {
      if (req.readableEnded && !error) this.#destroy.call(req);
      // What has come in is still the handler's.
      else if (isOfClient(res, error)) tellOfAbort(req);
      else fail(error ?? new Error('The request was destroyed by the application.'));
      return req;
    };
    this.leave();
  }

  /** Shows what belongs to the connection. */
  enter(): void {
    this.#isInside = true;
    this.#exchange();
    for (const [name] of this.#changes) setOrDelete(this.#req.headers, name, this.#headers[name]);
  }

  /** Shows what belongs to the work. */
  leave(): void {
    this.#isInside = false;
    this.#exchange();
    for (const [name, value] of this.#changes) {
      this.#headers[name] = this.#req.headers[name];
      setOrDelete(this.#req.headers, name, value);
    }
  }

  #exchange(): void {
    const req = this.#req;
    this.#hiddenListeners = exchangeListeners(req, this.#hiddenListeners);
    const { holdOpen } = req;
    if (this.#hold === undefined) delete req.holdOpen;
    else req.holdOpen = this.#hold;
    this.#hold = holdOpen;
    if (this.#socket === undefined) return;
    if (req.httpVersionMajor === 2) {
      this.#exchangeStream(this.#socket);
      return;
    }
    const { socket } = req;
    req.socket = this.#socket;
    this.#socket = socket;
  }

  /** Over HTTP/2 these are getters of the prototype, which ask a stream that goes with its client. */
  #exchangeStream(socket: IncomingMessage['socket']): void {
    const values = { socket, connection: socket, aborted: false };
    for (const [name, value] of Object.entries(values)) {
      if (this.#isInside) Reflect.deleteProperty(this.#req, name);
      else Object.defineProperty(this.#req, name, { configurable: true, value });
    }
  }

  #told(name: string | symbol, args: readonly unknown[]): boolean {
    const emit = (): boolean => Reflect.apply(this.#emit, this.#req, [name, ...args]) as boolean;
    if (this.#isInside) return emit();
    const isAborted = name === 'error' && isAbort(args[0]);
    if (isAborted || OF_THE_CONNECTION.has(name)) return this.#faces.inside(emit);
    if (name === 'end' || (name === 'data' && this.#isAwaited)) {
      const told = emit();
      if (this.#isHeard) return told;
      // Who waited for the upload from outside hears that it is in.
      return this.#faces.inside(emit) || told;
    }
    if (name === 'close') {
      // Over HTTP/1 it closes by itself when its body was read.
      const { httpVersionMajor, readableEnded } = this.#req;
      const isOfBody = httpVersionMajor < 2 && readableEnded;
      const told = (!isOfBody || !this.#isHeard) && this.#faces.inside(emit);
      return isOfBody ? emit() : told;
    }
    return this.#faces.tell(this.#req, name, emit);
  }

  /** The id of the client's last event stands there as the application had given it. */
  #changeUrl({ search, searchParams }: URL): void {
    const req = this.#req;
    req.url = withSearch(req.url, search);
    if (req.originalUrl !== undefined) req.originalUrl = withSearch(req.originalUrl, search);
    // Express 4 and Fastify have parsed it already.
    const query = Object.getOwnPropertyDescriptor(req, 'query')?.value as Fields['query'];
    const name = 'last_event_id';
    if (query !== undefined && name in query) {
      setOrDelete(query, name, searchParams.get(name) ?? undefined);
    }
  }
}

/** What tells of the connection. */
const OF_THE_CONNECTION: ReadonlySet<unknown> = new Set(['aborted', 'timeout']);

function changesOf(asked: Headers, given: Headers) {
  const names = new Set([...asked.keys(), ...given.keys()]);
  return [...names].flatMap((name) => {
    const value = given.get(name) ?? undefined;
    return value === (asked.get(name) ?? undefined) ? [] : [[name, value] as const];
  });
}

function setOrDelete(table: Record<string, unknown>, name: string, value: unknown): void {
  if (value === undefined) delete table[name];
  else table[name] = value;
}

function withSearch(url: string | undefined, search: string): string {
  return (url ?? '/').split('?', 1)[0] + search;
}
