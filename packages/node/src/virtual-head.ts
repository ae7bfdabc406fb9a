import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HeaderPair } from '@holdopen/core';
import type { PreparedHead } from './commit.js';
import { type HeldResponse, http2Stream } from './message.js';
import { type Faces, facesOf } from './run/faces.js';
import { HEAD_FUNCTIONS, ShadowHead } from './shadow-head.js';

/**
 * The head that the handler sees while the real one has long left. Most handlers touch it once, at the
 * end.
 *
 * Two faces: outside, to the handler and its framework, no head has been sent; inside, during our own
 * calls to the real `write` and `end`, the truth. Node keeps that truth in `_header`, which is
 * exchanged; everything else goes through the functions that `install` puts on the response.
 */
export class VirtualHead {
  readonly #res: HeldResponse;
  /** What the handler had set when its head was taken from it. */
  readonly prepared: PreparedHead;
  /** The functions of the response that were its own before ours: some middleware had put them there. */
  readonly #own: Partial<Record<HookName, unknown>> | undefined;
  readonly #realHeader: string | null | undefined;
  readonly #shadow: ShadowHead;
  #inside = 0;
  #ended = false;

  constructor(req: IncomingMessage, res: HeldResponse, prepared: PreparedHead) {
    this.#res = res;
    this.prepared = prepared;
    this.#shadow = new ShadowHead(req, prepared.headers);
    if (Object.hasOwn(res, '_header')) this.#realHeader = realHeader(res);
    this.#own = install(res);
    Reflect.set(res, HEAD, this);
    this.#show();
  }

  /** Whether the handler has sent its head. */
  get sent(): boolean {
    return this.#shadow.sent;
  }

  /** What `headersSent` says: at the end of an answer that never came, loggers must see a head. */
  get shown(): boolean {
    return this.inside || this.sent || (this.#ended && !this.#res.closed);
  }

  get inside(): boolean {
    return this.#inside > 0;
  }

  get shadow(): ServerResponse {
    return this.#shadow.response;
  }

  /** The real response's function, whoever's it was. */
  original(name: HookName): unknown {
    const own = this.#own?.[name];
    return own ?? Reflect.get(Object.getPrototypeOf(this.#res), name, this.#res);
  }

  /** Between `enter` and `leave` the response shows its real head. */
  enter(): void {
    this.#inside += 1;
    if (this.#inside === 1 && this.#realHeader !== undefined) this.#res._header = this.#realHeader;
  }

  leave(): void {
    this.#inside -= 1;
    if (this.#inside === 0) this.#show();
  }

  /** The answer is over: whatever happens on the way out must meet the real head. */
  end(): void {
    this.#ended = true;
  }

  writeHead(args: readonly unknown[]): void {
    const { shadow } = this;
    const status = this.#res.statusCode;
    // A status that could not be sent: Node's own error is thrown below.
    shadow.statusCode = status;
    if (http2Stream(this.#res) === undefined && this.#res.statusMessage !== undefined) {
      shadow.statusMessage = this.#res.statusMessage;
    }
    // HTTP/2 refuses what HTTP/1 sends, and must do so before anything is changed.
    if (http2Stream(this.#res) !== undefined) this.#res.statusCode = Number(args[0]);
    try {
      this.#shadow.writeHead(args);
    } catch (error) {
      this.#res.statusCode = status;
      throw error;
    }
    this.#res.statusCode = shadow.statusCode;
    if (http2Stream(this.#res) === undefined) this.#res.statusMessage = shadow.statusMessage;
    if (!this.inside) this.#show();
  }

  /** All headers that the handler's head would have had. */
  headers(): HeaderPair[] {
    return this.#shadow.headers();
  }

  #show(): void {
    if (this.#realHeader === undefined || this.#ended) return;
    this.#res._header = this.sent ? this.#realHeader : null;
  }
}

const HEAD_THAT_LEFT = 'HTTP/1.1 200 OK\r\n\r\n';

/**
 * Once the head has left, Node asks only whether there is one. Its text is the larger part of what an
 * idle response costs, so all share one.
 */
function realHeader(res: HeldResponse): string | null | undefined {
  return res._headerSent === true ? HEAD_THAT_LEFT : res._header;
}

/** Where a held response keeps its virtual head. */
const HEAD: unique symbol = Symbol('holdOpenHead');

function headOf(res: HeldResponse): VirtualHead {
  return (res as HeldResponse & { [HEAD]: VirtualHead })[HEAD];
}

type HookName =
  | (typeof HEAD_FUNCTIONS)[number]
  | 'writeHead'
  | 'flushHeaders'
  | '_implicitHeader'
  | 'writeContinue'
  | 'writeProcessing'
  | 'writeEarlyHints'
  | 'writeInformation';

type Hook = (this: HeldResponse, ...args: unknown[]) => unknown;

function delegate(name: (typeof HEAD_FUNCTIONS)[number]): Hook {
  return function (this: HeldResponse, ...args: unknown[]): unknown {
    const head = headOf(this);
    if (head.inside) return callOriginal(head, this, name, args);
    const method: unknown = Reflect.get(head.shadow, name);
    if (typeof method !== 'function') throw new TypeError(`res.${name} is not a function`);
    const result: unknown = Reflect.apply(method, head.shadow, args);
    return result === head.shadow ? this : result;
  };
}

function callOriginal(
  head: VirtualHead,
  res: HeldResponse,
  name: HookName,
  args: readonly unknown[],
): unknown {
  const original = head.original(name);
  if (typeof original !== 'function') throw new TypeError(`res.${name} is not a function`);
  return Reflect.apply(original, res, args) as unknown;
}

/** Raw heads of 1xx responses would land in the body. */
function ignored(name: HookName): Hook {
  return function (this: HeldResponse, ...args: unknown[]): unknown {
    const head = headOf(this);
    if (head.inside) return callOriginal(head, this, name, args);
    const callback = args.at(-1);
    if (typeof callback === 'function') process.nextTick(callback);
    return undefined;
  };
}

const HOOKS: readonly (readonly [HookName, Hook])[] = [
  ...HEAD_FUNCTIONS.map((name) => [name, delegate(name)] as const),
  [
    'writeHead',
    function writeHead(this: HeldResponse, ...args: unknown[]): unknown {
      const head = headOf(this);
      if (head.inside) return callOriginal(head, this, 'writeHead', args);
      head.writeHead(args);
      return this;
    },
  ],
  [
    'flushHeaders',
    function flushHeaders(this: HeldResponse): unknown {
      const head = headOf(this);
      if (head.inside) return callOriginal(head, this, 'flushHeaders', []);
      if (!head.sent) this.writeHead(this.statusCode);
      return undefined;
    },
  ],
  [
    '_implicitHeader',
    function _implicitHeader(this: HeldResponse): unknown {
      const head = headOf(this);
      if (head.inside) return callOriginal(head, this, '_implicitHeader', []);
      return this.writeHead(this.statusCode);
    },
  ],
  ['writeContinue', ignored('writeContinue')],
  ['writeProcessing', ignored('writeProcessing')],
  ['writeEarlyHints', ignored('writeEarlyHints')],
  // Newer than Node 20; Bun and Deno have it too.
  ['writeInformation', ignored('writeInformation')],
];

const HEADERS_SENT: PropertyDescriptor = {
  configurable: true,
  enumerable: false,
  get(this: HeldResponse): boolean {
    return headOf(this).shown;
  },
};

function install(res: HeldResponse): Partial<Record<HookName, unknown>> | undefined {
  const faces = facesOf(res);
  if (faces !== undefined) return installBehind(res, faces);
  let own: Partial<Record<HookName, unknown>> | undefined;
  for (const [name, hook] of HOOKS) {
    if (Object.hasOwn(res, name)) {
      own ??= {};
      own[name] = Reflect.get(res, name);
    }
    if (name in res) Reflect.set(res, name, hook);
  }
  Object.defineProperty(res, 'headersSent', HEADERS_SENT);
  return own;
}

/** On the face that the work of a run does not see. */
function installBehind(res: HeldResponse, faces: Faces): Partial<Record<HookName, unknown>> {
  const own: Partial<Record<HookName, unknown>> = {};
  for (const [name, hook] of HOOKS) {
    if (name in res) own[name] = faces.replaceFunction(name, hook);
  }
  faces.replaceGetter('headersSent', () => headOf(res).shown);
  return own;
}
