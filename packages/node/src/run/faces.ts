import { EventEmitter } from 'node:events';
import type { HeldResponse } from '../message.js';

/** What the work of a run sees of the response, in place of what belongs to the connection. */
export interface WorkFace {
  /** Functions of the response, by name. */
  readonly functions: Readonly<Record<string, (...args: never[]) => unknown>>;
  /** Values of the response, by name. */
  readonly values: Readonly<Record<string, () => unknown>>;
  /**
   * Values that Node's own functions look at, which compressors and sessions call when they like, with
   * the work's face shown: true only if it is true of both.
   */
  readonly together: Readonly<Record<string, () => boolean>>;
  /** Of the values, what may be set. */
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

/** What streams and emitters say of themselves, for whoever reads and writes at the time. */
const OF_A_STREAM: ReadonlySet<unknown> = new Set([
  ...['data', 'end', 'readable', 'pause', 'resume', 'pipe', 'unpipe'],
  ...['newListener', 'removeListener'],
]);

/** Where a response keeps its faces. */
const FACES: unique symbol = Symbol('holdOpenFaces');

/** Functions that middleware likes to put its own in the place of, which are then the work's alone. */
const EXCHANGED = ['writeHead', 'write', 'end'] as const;

type Table = Record<string, unknown>;
type Getter = () => unknown;

/**
 * One response object that is two: to the handler, its framework and whatever listens from now on, the
 * response of a run, which no connection can end; and to whatever stood around it before, the one on
 * the connection, on which the run answers its first client. Express and Fastify hand one object to
 * both, so it changes its face: it shows the run's, but for the time of {@link Faces.inside}, and when
 * Node tells it something of its connection.
 *
 * Fields that Node itself works with are the connection's also then (`_header`), or say nothing that
 * stops it: compressors call Node's functions when they like.
 */
export class Faces {
  readonly #res: HeldResponse;
  readonly #work: WorkFace;
  /** Those of the connection that are not shown. */
  readonly #functions: Table = {};
  readonly #getters: Record<string, Getter> = {};
  readonly #emit: (name: string | symbol, ...args: unknown[]) => boolean;
  /** Those of {@link EXCHANGED} of the face that is not shown. */
  #hidden: unknown[];
  /** The listeners of the face that is not shown. */
  #hiddenListeners: Listeners = { events: Object.create(null), count: 0 };
  #other: OtherFace | undefined;
  #isInside = false;

  constructor(res: HeldResponse, work: WorkFace) {
    this.#res = res;
    this.#work = work;
    this.#emit = res.emit;
    for (const [name, ofWork] of Object.entries(work.values)) this.#divideValue(name, ofWork);
    for (const [name, ofWork] of Object.entries(work.together)) {
      this.#divideValue(name, () => this.#getters[name]?.() === true && ofWork());
    }
    for (const name of Object.keys(work.functions)) this.#divideFunction(name);
    this.#hidden = EXCHANGED.map((name) => work.functions[name]);
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
    return OF_THE_CONNECTION.has(name) ? this.inside(emit) : this.tell(this.#res, name, emit);
  }

  /** An event of somebody's own goes to whoever listens, on whichever side that is. */
  tell(emitter: EventEmitter, name: string | symbol, emit: () => boolean): boolean {
    const isHeard = this.#isInside || OF_A_STREAM.has(name) || emitter.listenerCount(name) > 0;
    return isHeard ? emit() : this.inside(emit);
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
    this.#hidden = EXCHANGED.map((name, index) => {
      const shown: unknown = res[name];
      Reflect.set(res, name, this.#hidden[index]);
      return shown;
    });
    this.#hiddenListeners = exchangeListeners(res, this.#hiddenListeners);
  }

  /** For who stands in for a function of the connection. Gives what it was. */
  replaceFunction(name: string, own: unknown): unknown {
    if (isExchanged(name) || !Object.hasOwn(this.#functions, name)) {
      return this.inside(() => {
        const present: unknown = Reflect.get(this.#res, name);
        Reflect.set(this.#res, name, own);
        return present;
      });
    }
    const present = this.#functions[name];
    this.#functions[name] = own;
    return present;
  }

  /** The same for a value. */
  replaceGetter(name: string, own: Getter): void {
    this.#getters[name] = own;
  }

  #divideFunction(name: string): void {
    const ofConnection: unknown = Reflect.get(this.#res, name);
    const ofWork = this.#work.functions[name];
    if (isExchanged(name) || ofWork === undefined || typeof ofConnection !== 'function') return;
    if (isOfEmitters(name) && !Object.hasOwn(this.#res, name)) return;
    this.#functions[name] = ofConnection;
    Reflect.set(this.#res, name, (...args: never[]): unknown =>
      this.#isInside
        ? Reflect.apply(this.#functions[name] as typeof ofWork, this.#res, args)
        : ofWork(...args),
    );
  }

  /** A value of the response that is another one to the work. */
  #divideValue(name: string, ofWork: Getter): void {
    const res = this.#res;
    if (!(name in res)) return;
    const own = Object.getOwnPropertyDescriptor(res, name);
    const above = own ?? inherited(res, name);
    const isField = above === undefined || 'value' in above;
    let field: unknown = isField ? Reflect.get(res, name) : undefined;
    this.#getters[name] = () => (isField ? field : above.get?.call(res));
    Object.defineProperty(res, name, {
      configurable: true,
      enumerable: own?.enumerable ?? false,
      get: () => (this.#isInside ? this.#getters[name]?.() : ofWork()),
      set: (value: unknown) => {
        const set = this.#isInside ? undefined : this.#work.setters[name];
        // Of the others Node itself keeps what is true of the connection.
        if (set !== undefined) set(value);
        else if (isField) field = value;
        else above.set?.call(res, value);
      },
    });
  }
}

/** The same for both, since listeners are exchanged; unless somebody keeps listeners by himself. */
function isOfEmitters(name: string): boolean {
  return name in EventEmitter.prototype;
}

function isExchanged(name: string): boolean {
  return (EXCHANGED as readonly string[]).includes(name);
}

/** The listeners of an emitter, as it keeps them. */
export interface Listeners {
  readonly events: unknown;
  readonly count: unknown;
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
export function exchangeListeners(emitter: object, { events, count }: Listeners): Listeners {
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
