import { EventEmitter } from 'node:events';
import type { HeldResponse } from '../message.js';

/** What the work of a run sees of the response, in place of what belongs to the connection. */
export interface WorkFace {
  /** Functions of the response, by name. */
  readonly functions: Readonly<Record<string, (...args: never[]) => unknown>>;
  /** Values of the response, by name. */
  readonly values: Readonly<Record<string, () => unknown>>;
  /** Of those, what may be set. */
  readonly setters: Readonly<Record<string, (value: unknown) => void>>;
}

/** What changes its face together with the response. */
export interface OtherFace {
  /** The connection's is shown from now on. */
  enter(): void;
  /** The work's is shown from now on. */
  leave(): void;
}

/** What tells of the connection, whenever Node says it. */
const OF_THE_CONNECTION: ReadonlySet<unknown> = new Set([
  ...['close', 'finish', 'prefinish', 'drain', 'error', 'timeout', 'socket', 'aborted'],
]);

/** Where a response keeps its faces. */
const FACES: unique symbol = Symbol('holdOpenFaces');

/** The two functions of `headersSent` are exchanged as a whole, for a virtual head puts its own there. */
const HEADERS_SENT = 'headersSent';

type Table = Record<string, unknown>;

/**
 * One response object that is two: to the handler, its framework and whatever listens from now on, the
 * response of a run, which no connection can end; and to whatever stood around it before, the one on
 * the connection, on which the run answers its first client. Express and Fastify hand one object to
 * both, so it changes its face: it shows the run's, but for the time of {@link Faces.inside}, and when
 * Node tells it something of its connection.
 *
 * Fields that Node itself works with (`_header`, `socket`, `finished`) are always the connection's, for
 * compressors call Node's functions when they like.
 */
export class Faces {
  readonly #res: HeldResponse;
  readonly #work: WorkFace;
  readonly #names: readonly string[];
  /** The functions of the face that is not shown. */
  #hidden: Table = {};
  /** The listeners of the face that is not shown. */
  #hiddenListeners: { events: unknown; count: unknown };
  #hiddenHeadersSent: PropertyDescriptor | undefined;
  /** Plain fields of the response that the work sees otherwise. */
  readonly #fields: Table = {};
  readonly #emit: (name: string | symbol, ...args: unknown[]) => boolean;
  #other: OtherFace | undefined;
  #isInside = false;

  constructor(res: HeldResponse, work: WorkFace) {
    this.#res = res;
    this.#work = work;
    this.#emit = res.emit;
    this.#hiddenListeners = { events: Object.create(null), count: 0 };
    for (const name of Object.keys(work.values)) this.#divide(name);
    this.#hiddenHeadersSent = readOnly(() => work.values[HEADERS_SENT]?.());
    this.#names = Object.keys(work.functions).filter((name) => name in res);
    Object.assign(this.#hidden, work.functions);
    const faces = this;
    res.emit = function emit(this: HeldResponse, name: string | symbol, ...args: unknown[]) {
      return faces.#told(name, args);
    };
    Reflect.set(res, FACES, this);
    this.#exchange();
  }

  /** The request changes its face, too. */
  with(other: OtherFace): void {
    this.#other = other;
  }

  /** Runs with the connection's face. */
  inside<Result>(call: () => Result): Result {
    if (this.#isInside) return call();
    this.#enter();
    try {
      return call();
    } finally {
      this.#leave();
    }
  }

  /** Tells those who listen to the run's response. */
  emitToWork(name: string, ...args: unknown[]): boolean {
    const emit = (): boolean => EventEmitter.prototype.emit.call(this.#res, name, ...args);
    if (!this.#isInside) return emit();
    this.#leave();
    try {
      return emit();
    } finally {
      this.#enter();
    }
  }

  #told(name: string | symbol, args: readonly unknown[]): boolean {
    const emit = (): boolean => Reflect.apply(this.#emit, this.#res, [name, ...args]) as boolean;
    return OF_THE_CONNECTION.has(name) ? this.inside(emit) : emit();
  }

  #enter(): void {
    this.#isInside = true;
    this.#exchange();
    this.#other?.enter();
  }

  #leave(): void {
    this.#isInside = false;
    this.#exchange();
    this.#other?.leave();
  }

  #exchange(): void {
    const res = this.#res;
    const shown: Table = {};
    for (const name of this.#names) {
      shown[name] = Reflect.get(res, name);
      Reflect.set(res, name, this.#hidden[name]);
    }
    this.#hidden = shown;
    this.#hiddenListeners = exchangeListeners(res, this.#hiddenListeners);
    const headersSent = Object.getOwnPropertyDescriptor(res, HEADERS_SENT);
    if (this.#hiddenHeadersSent === undefined) Reflect.deleteProperty(res, HEADERS_SENT);
    else Object.defineProperty(res, HEADERS_SENT, this.#hiddenHeadersSent);
    this.#hiddenHeadersSent = headersSent;
  }

  /** A value of the response that is another one to the work. */
  #divide(name: string): void {
    if (name === HEADERS_SENT || !(name in this.#res)) return;
    const own = Object.getOwnPropertyDescriptor(this.#res, name);
    const above = own === undefined ? inherited(this.#res, name) : own;
    const isField = above === undefined || 'value' in above;
    if (isField) this.#fields[name] = Reflect.get(this.#res, name);
    const res = this.#res;
    Object.defineProperty(res, name, {
      configurable: true,
      enumerable: own?.enumerable ?? false,
      get: () => {
        if (!this.#isInside) return this.#work.values[name]?.();
        return isField ? this.#fields[name] : above.get?.call(res);
      },
      set: (value: unknown) => {
        const set = this.#isInside ? undefined : this.#work.setters[name];
        // Of the others Node itself keeps what is true of the connection.
        if (set !== undefined) set(value);
        else if (isField) this.#fields[name] = value;
        else above.set?.call(res, value);
      },
    });
  }
}

/** The faces of a response that a run's work has; `undefined` for all others. */
export function facesOf(res: object): Faces | undefined {
  return (res as { [FACES]?: Faces })[FACES];
}

/** Runs with a response as its connection has it. */
export function asConnection<Result>(res: object, call: () => Result): Result {
  const faces = facesOf(res);
  return faces === undefined ? call() : faces.inside(call);
}

/** Puts other listeners in the place of those of an emitter, and gives those. */
export function exchangeListeners(
  emitter: object,
  { events, count }: { events: unknown; count: unknown },
): { events: unknown; count: unknown } {
  const fields = emitter as { _events?: unknown; _eventsCount?: unknown };
  const present = { events: fields._events, count: fields._eventsCount };
  fields._events = events;
  fields._eventsCount = count;
  return present;
}

function inherited(object: object, name: string): PropertyDescriptor | undefined {
  for (let above: unknown = Object.getPrototypeOf(object); above !== null; ) {
    const found = Object.getOwnPropertyDescriptor(above, name);
    if (found !== undefined) return found;
    above = Object.getPrototypeOf(above);
  }
  return undefined;
}

function readOnly(get: () => unknown): PropertyDescriptor {
  return { configurable: true, enumerable: false, get };
}
