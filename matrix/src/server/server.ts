import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type HoldOpenOptions, holdOpen } from '@holdopen/node';
import { type Case, isCase } from './cases.js';
import { idOf, ServerLog } from './log.js';
import { answerMcp } from './mcp-session.js';
import { PLAYS } from './play.js';
import { isWire, WIRES, type WireName } from './wire.js';

/** A beat after so much silence. The default is 8 s: here everything goes 16 times as fast. */
export const INTERVAL_MS = 500;

/** How each case is held. `silent` is not. */
export const HELD_CASES: Readonly<
  Record<Exclude<Case, 'silent'>, HoldOpenOptions<IncomingMessage>>
> = {
  json: {},
  cut: { lateError: 'cut' },
  body: { lateError: 'body' },
  events: { format: 'sse' },
  'events-bare-frame': { format: 'sse', frame: ':\n' },
  'events-late-known': {},
  'events-own-head': {},
  'events-cut': { format: 'sse' },
  'events-error': { format: 'sse' },
  'events-failed': { format: 'sse' },
};

/** Held: each case by its own options. Plain: the same handlers unwrapped, for the sidecar. */
export type Wrapping = 'held' | 'plain';

/** `/<wire>/<case>/<milliseconds of work>`, and behind it whatever an SDK puts there. */
export class MatrixServer {
  readonly port: number;
  readonly log = new ServerLog();
  readonly #server: Server;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  static async start(wrapping: Wrapping): Promise<MatrixServer> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const matrix = new MatrixServer(server, port);
    server.on('request', matrix.#listener(wrapping));
    return matrix;
  }

  /** Holds the times of beats against the request that they were sent for. */
  readonly onBeat = (_hold: unknown, request: IncomingMessage): void => {
    this.log.of(idOf(request.url)).beatsMs.push(performance.now());
  };

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #listener(wrapping: Wrapping) {
    const plain = (req: IncomingMessage, res: ServerResponse): Promise<void> =>
      this.#play(req, res);
    const held = new Map(
      Object.entries(HELD_CASES).map(([name, options]) => [
        name,
        holdOpen(plain, {
          ...options,
          intervalMs: INTERVAL_MS,
          onBeat: this.onBeat,
          onLateOutcome: () => {},
        }),
      ]),
    );
    return (req: IncomingMessage, res: ServerResponse): void => {
      const name = pathOf(req)[1];
      // A blank page for browsers, so that what they ask for is of their own origin.
      if (name === undefined) {
        res.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html>');
        return;
      }
      const handler = wrapping === 'held' ? held.get(name) : undefined;
      if (handler !== undefined) void handler(req, res);
      else void plain(req, res);
    };
  }

  async #play(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const [wire, name, workMs] = pathOf(req);
    if (!isWire(wire) || !isCase(name) || !(Number(workMs) >= 0)) {
      res.writeHead(404).end();
      return;
    }
    const body = await text(req);
    const request: unknown = body === '' ? undefined : JSON.parse(body);
    if (wire === 'mcp' && answerMcp(req, res, request)) return;

    const seen = this.log.of(idOf(req.url));
    seen.httpVersion = req.httpVersion;
    seen.requests += 1;
    const left = (): void => {
      seen.leftMs ??= performance.now();
    };
    // What a handler of the user's has: the signal where it is held, the response's close elsewhere.
    if (req.holdOpen === undefined) {
      res.once('close', () => {
        if (!res.writableFinished && name !== 'events-cut') left();
      });
    } else req.holdOpen.signal.addEventListener('abort', left, { once: true });
    await PLAYS[name](res, { wire: WIRES[wire], workMs: Number(workMs), request });
    seen.isOver = true;
  }
}

function pathOf(req: IncomingMessage): string[] {
  const { pathname } = new URL(req.url ?? '/', 'http://server');
  return pathname.split('/').filter((part) => part !== '');
}

/** The path of a case. */
export function routeTo(wire: WireName, name: Case, workMs: number): string {
  return `/${wire}/${name}/${workMs}`;
}
