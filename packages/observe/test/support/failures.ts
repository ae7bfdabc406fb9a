// A server whose responses go wrong in every way that is measured.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { holdOpen, type NodeHoldOpenOptions } from '@holdopen/node';
import { told, until } from './record.js';
import { ask, pause, QUICK } from './serve.js';

type Handler = (req: IncomingMessage, res: ServerResponse) => unknown;

const HANDLERS: Readonly<Record<string, Handler>> = {
  '/quick': (_req, res) => res.end('{}'),
  '/slow': async (req, res) => {
    await told(req);
    await pause(100);
    res.end('{"done":true}');
  },
  '/created': async (req, res) => {
    await told(req);
    res.writeHead(201, { Location: '/1', 'Set-Cookie': 'late=1', 'X-Own': '1' });
    res.end('{}');
  },
  '/refused': async (req, res) => {
    await told(req);
    res.writeHead(422, { 'Content-Type': 'application/json' });
    res.end('{"error":"no"}');
  },
  '/throws': async (req) => {
    await told(req);
    throw new Error('secret of ann');
  },
  '/silent': () => {},
  '/left': async (req, res) => {
    while (!res.destroyed) {
      req.holdOpen?.touch();
      await pause(20);
    }
  },
  '/stream': async (_req, res) => {
    res.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
    res.write('data: 1\n\n');
    await pause(150);
    res.end('data: 2\n\n');
  },
  '/picture': async (req, res) => {
    res.setHeader('Content-Type', 'image/png');
    await told(req);
    res.end('png');
  },
};

export const pathOf = (request: unknown): string =>
  (request as { url: string }).url.split('?', 1)[0] ?? '/';

export function failing(options: NodeHoldOpenOptions = {}): Handler {
  const held = holdOpen(
    (req: IncomingMessage, res: ServerResponse) => HANDLERS[pathOf(req)]?.(req, res),
    { ...QUICK, maxSilenceMs: 1_500, onLateOutcome: () => undefined, ...options },
  );
  return (req, res) => held(req, res);
}

/** Asks for all of it once. `hasLeft`: the server has noticed that a client has left. */
export async function askForAll(origin: string, hasLeft: () => boolean): Promise<void> {
  const left = new AbortController();
  const leaves = fetch(`${origin}/left`, { signal: left.signal }).then(
    () => left.abort(),
    () => undefined,
  );
  await Promise.all([
    ...Object.keys(HANDLERS)
      .filter((path) => path !== '/left')
      .map((path) => ask(`${origin}${path}?of=ann`)),
    leaves,
  ]);
  await until('the server notices that a client has left', hasLeft);
}
