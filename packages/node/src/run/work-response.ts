import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { HeaderPair } from '@holdopen/core';
import type { PreparedHeader } from '../framework.js';
import type { HeldResponse } from '../message.js';
import { HEAD_FUNCTIONS, ShadowHead } from '../shadow-head.js';
import { Faces, type WorkFace } from './faces.js';
import { WorkBody } from './work-body.js';
import { OF_AN_EMITTER, workSocket } from './work-socket.js';

const { process } = globalThis;

/** Statuses whose answers have no body. */
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/** They are for a connection, and a run has none. */
const IGNORED = [
  'writeContinue',
  'writeProcessing',
  'writeEarlyHints',
  'writeInformation',
  'addTrailers',
  'flush',
] as const;

/** The response of a run's work: what is written to it becomes the run's answer. */
export class WorkResponse {
  /** As soon as there is a head; fails if the response is destroyed before. */
  readonly answer: Promise<Response>;
  /** The response is over, whichever way it ended. */
  readonly closed: Promise<void>;
  readonly faces: Faces;
  /** In the place of the connection's. */
  readonly socket: Socket | undefined;
  readonly #res: HeldResponse;
  readonly #head: ShadowHead;
  readonly #body: WorkBody;
  /** Whether so much output may wait. */
  readonly #queued: (bytes: number) => boolean;
  #isAnswered = false;
  #isClosed = false;
  #answered!: (answer: Response) => void;
  #failed!: (error: unknown) => void;

  constructor(
    req: IncomingMessage,
    res: HeldResponse,
    prepared: readonly PreparedHeader[],
    queued: (bytes: number) => boolean,
  ) {
    this.#res = res;
    this.#queued = queued;
    this.#head = new ShadowHead(req, prepared);
    this.#head.response.statusCode = res.statusCode;
    this.answer = new Promise((resolve, reject) => {
      this.#answered = resolve;
      this.#failed = reject;
    });
    // Whoever asked for the answer hears of it; that may be later.
    this.answer.catch(() => {});
    this.#body = new WorkBody(() => this.#body.destroy());
    this.closed = new Promise((resolve) => {
      this.#body.once('close', () => {
        this.#isClosed = true;
        this.#failed(new Error('The response was closed before it was answered.'));
        this.faces.emitToWork('close');
        resolve();
      });
    });
    const { socket } = req;
    if (socket) this.socket = workSocket(socket, (error) => this.fail(error));
    this.#body.on('drain', () => this.faces.emitToWork('drain'));
    this.#body.once('finish', () => {
      this.faces.emitToWork('prefinish');
      this.faces.emitToWork('finish');
    });
    this.#body.on('error', (error) => {
      this.#failed(error);
      // Without a listener it would end the process, and the run's end says it already.
      if (res.listenerCount('error') > 0) this.faces.emitToWork('error', error);
    });
    this.faces = new Faces(res, this.#face(this.socket));
  }

  /** The work is in vain, or its handler has failed. */
  fail(error: unknown): void {
    this.#failed(error);
    this.#body.destroy(error instanceof Error ? error : new Error(String(error)));
  }

  /** What is still written goes nowhere. */
  runIsOver(): void {
    if (!this.#body.writableEnded) this.#body.destroy();
  }

  #face(socket: Socket | undefined): WorkFace {
    const body = this.#body;
    const res = this.#res;
    const head = this.#head.response;
    const functions: Record<string, (...args: never[]) => unknown> = {
      writeHead: (...args: unknown[]) => {
        this.#head.writeHead(args);
        return res;
      },
      flushHeaders: () => this.#begin(),
      _implicitHeader: () => this.#sendHead(),
      write: (...args: unknown[]) => {
        this.#begin();
        if (!this.#hasBody) return dropped(args);
        const isRoom = Reflect.apply(body.write, body, args) as boolean;
        // Somebody may write on without waiting, and must not fill the memory while the store is away.
        if (!isRoom && !body.destroyed && !this.#queued(body.queuedBytes)) body.destroy();
        return isRoom;
      },
      end: (...args: unknown[]) => {
        this.#begin();
        const rest = this.#hasBody ? withoutNothing(args) : args.filter(isFunction);
        Reflect.apply(body.end, body, rest);
        return res;
      },
      destroy: (error?: Error) => {
        body.destroy(error);
        return res;
      },
      // The time-outs of a connection are none of a run.
      setTimeout: () => res,
    };
    for (const name of HEAD_FUNCTIONS) {
      const method: unknown = Reflect.get(head, name);
      if (!isFunction(method)) continue;
      functions[name] = (...args: unknown[]) => {
        const result: unknown = Reflect.apply(method, head, args);
        return result === head ? res : result;
      };
    }
    for (const name of OF_AN_EMITTER) {
      functions[name] = (...args: unknown[]) =>
        Reflect.apply(EventEmitter.prototype[name], res, args) as unknown;
    }
    // `cork` and `uncork` stay the connection's: Node 26 calls them behind each write, when it likes.
    for (const name of IGNORED) functions[name] = (...args: unknown[]) => void dropped(args);
    return {
      functions,
      values: {
        headersSent: () => head.headersSent,
        statusCode: () => head.statusCode,
        statusMessage: () => head.statusMessage,
        writableEnded: () => body.writableEnded,
        writableFinished: () => body.writableFinished,
        writableLength: () => body.writableLength,
        writableHighWaterMark: () => body.writableHighWaterMark,
        writableNeedDrain: () => body.writableNeedDrain,
        writableCorked: () => body.writableCorked,
        closed: () => this.#isClosed,
        errored: () => body.errored,
        ...(socket === undefined ? {} : { socket: () => socket, connection: () => socket }),
      },
      together: {
        destroyed: () => body.destroyed,
        finished: () => body.writableEnded,
      },
      setters: {
        statusCode: (value) => {
          head.statusCode = value as number;
        },
        statusMessage: (value) => {
          head.statusMessage = value as string;
        },
      },
    };
  }

  get #hasBody(): boolean {
    return !WITHOUT_BODY.has(this.#head.response.statusCode);
  }

  /** By the response's own function, for others may listen for the head there. */
  #sendHead(): void {
    if (!this.#head.sent) this.#res.writeHead(this.#head.response.statusCode);
  }

  /** The head leaves with the first byte of the body. */
  #begin(): void {
    this.#sendHead();
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    const { statusCode: status } = this.#head.response;
    try {
      const headers = headersOf(this.#head.headers());
      this.#answered(new Response(this.#hasBody ? this.#body.stream : null, { status, headers }));
    } catch (error) {
      // A status that no answer can have.
      this.fail(error);
    }
  }
}

function headersOf(pairs: readonly HeaderPair[]): Headers {
  const headers = new Headers();
  for (const [name, value] of pairs) headers.append(name, value);
  return headers;
}

/** As Node has it, nothing is written of what counts as false. */
function withoutNothing(args: readonly unknown[]): unknown[] {
  return !args[0] && !isFunction(args[0]) ? args.slice(1).filter(isFunction) : [...args];
}

/** Gives what a write gives. */
function dropped(args: readonly unknown[]): true {
  const callback = args.find(isFunction);
  if (callback !== undefined) process.nextTick(callback);
  return true;
}

function isFunction(value: unknown): value is (...args: unknown[]) => unknown {
  return typeof value === 'function';
}
