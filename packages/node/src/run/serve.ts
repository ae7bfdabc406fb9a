import type { IncomingMessage } from 'node:http';
import { type RunsPort, requestOfIncoming, serveRun } from '@holdopen/fetch';
import { watch } from '../adapter.js';
import type { Arm } from '../arm.js';
import { headersOf } from '../commit.js';
import { dropVisibly } from '../drop.js';
import type { Framework, PreparedHeader } from '../framework.js';
import { isClosed, type NodeRequest, type NodeResponse } from '../message.js';
import type { MountedSettings } from '../mounted.js';
import type { TakenResponse } from '../taker.js';
import { sendAnswer, type Waiting } from './answer.js';
import { besides } from './besides.js';
import { bodyBefore } from './body-before.js';
import { asConnection, facesOf } from './faces.js';
import { IncomingBody } from './incoming-body.js';
import { guardRequest } from './request-guard.js';
import { WorkIncoming } from './work-incoming.js';
import { WorkResponse } from './work-response.js';

/** One call of a handler that may be the work of a run. */
export interface RunCall {
  readonly req: NodeRequest;
  readonly res: NodeResponse;
  readonly mounted: MountedSettings;
  /** Calls the handler with the same request and response, which may be a run's by then. */
  readonly call: () => unknown;
  /** Goes to whoever answers for errors in the framework. */
  readonly onError: (error: unknown) => void;
  readonly framework?: Framework | undefined;
  /** The route's pattern, where there is one; else it goes by its path. */
  readonly route?: string | undefined;
  /** What a parser made of the body, where the request itself does not say so. */
  readonly body?: unknown;
  /** The run answers by itself: the handler will not be called. */
  readonly onReplay?: (() => void) | undefined;
}

/**
 * For adapters: answers a request by its run. `false` if it wants nothing of runs, and is its handler's as ever. A
 * request behind this one on the same response is a part of the same work.
 */
export function answerFromRun(given: RunCall): boolean {
  const { runs } = given.mounted;
  // The compatibility API of HTTP/2 is called as HTTP/1's is; its types do not know it.
  const req = given.req as IncomingMessage;
  const res = given.res as unknown as TakenResponse;
  if (runs === undefined || facesOf(res) !== undefined) return false;
  const { method = 'GET', url = '/', headers } = req;
  const header = (name: string): string | undefined => headers[name]?.toString();
  if (!runs.concerns({ method, url, header })) return false;
  return new AskedRun(given, req, res, runs).answer();
}

class AskedRun {
  readonly #given: RunCall;
  readonly #req: IncomingMessage;
  readonly #res: TakenResponse;
  readonly #runs: RunsPort;
  readonly #left = new AbortController();
  readonly #body: IncomingBody;
  readonly #prepared: PreparedHeader[];

  constructor(given: RunCall, req: IncomingMessage, res: TakenResponse, runs: RunsPort) {
    this.#given = given;
    this.#req = req;
    this.#res = res;
    this.#runs = runs;
    this.#body = new IncomingBody(req);
    this.#prepared = [...(given.framework?.preparedHeaders() ?? [])];
  }

  answer(): boolean {
    const { mounted, onError } = this.#given;
    const [req, res] = [this.#req, this.#res];
    let request: Request;
    try {
      request = this.#request();
    } catch {
      // A method or an address that no Request can have. Nobody could say whose run it is.
      res.writeHead(400, { 'Content-Type': 'application/problem+json' });
      res.end(
        '{"title":"Bad Request","detail":"A request with a key needs an address that is one."}',
      );
      return true;
    }
    const arm = watch(req, res, mounted);
    arm?.withhold(this.#runs.withholdMs(request));
    let isPlain = false;
    const plain = (): void => {
      isPlain = true;
    };
    let served: unknown;
    try {
      served = this.#serve(request, arm, plain);
    } catch (error) {
      served = Promise.reject(error);
    }
    if (isPlain) {
      this.#body.leave();
      return false;
    }
    const unguard = guardRequest(req, res);
    this.#watchClient();
    if (arm !== undefined) arm.framework = this.#framework(request);
    const waiting: Waiting = { res, prepared: this.#prepared, left: this.#left.signal };
    const sent = Promise.resolve(served).then((answer) => {
      if (facesOf(res) === undefined) this.#given.onReplay?.();
      return sendAnswer(answer as Response, waiting);
    });
    arm?.returned(sent, true);
    sent
      .catch((error: unknown) => {
        asConnection(res, () => {
          if (arm?.failed() === true || this.#left.signal.aborted) return;
          if (facesOf(res) === undefined && !res.headersSent) onError(error);
          else {
            dropVisibly(res);
            res.destroy();
          }
        });
      })
      .finally(() => {
        if (facesOf(res) !== undefined) return;
        unguard();
        this.#body.leave();
        // Nobody else will read it to its end, which whoever stood there before waits for.
        req.resume();
      });
    return true;
  }

  #request(): Request {
    const req = this.#req;
    const signal = this.#left.signal;
    const takesBody = req.method !== 'GET' && req.method !== 'HEAD';
    const body = takesBody ? this.#body.stream() : null;
    const init: RequestInit & { duplex?: 'half' } =
      body === null ? { signal } : { signal, body, duplex: 'half' };
    return requestOfIncoming(req, init);
  }

  #serve(request: Request, arm: Arm | undefined, plain: () => void): unknown {
    const { call, route } = this.#given;
    const [req, res] = [this.#req, this.#res];
    const body = this.#body;
    const before = bodyBefore(req, this.#given.body);
    return serveRun<unknown>(
      this.#runs,
      request,
      (given, hold, info) => {
        if (hold === undefined || info === undefined) return plain();
        arm?.standApart();
        const prepared = [...headersOf(res), ...this.#prepared];
        const response = new WorkResponse(req, res, prepared, (bytes) => info.queued(bytes));
        const fail = (error: unknown): void => response.fail(error);
        const { faces, socket } = response;
        let isClosed = false;
        void response.closed.then(() => {
          isClosed = true;
          this.#afterWork();
        });
        // Whoever waits for the response alone hears of an end that was not the handler's, too.
        void info.over.then(() => response.runIsOver());
        const begin = (): void => {
          // Told to stop before it began.
          if (isClosed) return;
          const isHeard = body.giveToWork();
          const facts = { asked: request, given, hold, socket, fail, res, isHeard };
          faces.with(new WorkIncoming(req, faces, facts));
          called(call, fail);
        };
        const heard = body.heardOutside();
        if (heard === undefined) begin();
        else void heard.then(begin);
        return response.answer;
      },
      {
        route: route === undefined ? undefined : `${req.method} ${route}`,
        parsed: before,
        isBodyLost: before?.isLost,
      },
    );
  }

  /**
   * What stands around waits for the response to end, also if nobody takes the answer, and for a body
   * that the work has not read.
   */
  #afterWork(): void {
    const res = this.#res;
    const readToEnd = (): void => void this.#req.resume();
    asConnection(res, () => {
      if (isClosed(res)) readToEnd();
      else res.once('close', readToEnd);
      if (this.#left.signal.aborted && !res.writableEnded) res.end();
    });
  }

  #watchClient(): void {
    const res = this.#res;
    // Register first, then look: it may have gone before anybody listened.
    asConnection(res, () => {
      res.once('close', () => {
        // Over HTTP/2 a response that was never ended counts as finished once its stream has gone.
        if (!res.writableEnded || !res.writableFinished) this.#left.abort();
      });
      if (isClosed(res)) this.#left.abort();
    });
  }

  /** A held head names the run, and has what was prepared beside the response. */
  #framework(request: Request): Framework {
    const { framework } = this.#given;
    const prepared = this.#prepared;
    const runs = this.#runs;
    return {
      route: framework?.route,
      preparedHeaders: () => {
        const res = this.#res;
        const named = new Map(prepared.map(([name, value]) => [name.toLowerCase(), value]));
        const present = (name: string) => named.get(name) ?? res.getHeader(name);
        return [...prepared, ...besides(present, runs.heldHeaders(request))];
      },
    };
  }
}

/** Whatever it throws is the run's to record. */
function called(call: () => unknown, fail: (error: unknown) => void): void {
  try {
    const result = call();
    const then: unknown = (result as { then?: unknown } | null | undefined)?.then;
    if (typeof then === 'function') Promise.resolve(result).catch(fail);
  } catch (error) {
    fail(error);
  }
}
