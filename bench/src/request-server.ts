// A server in a process of its own: `request-server.ts <mount> <handler>`.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { holdOpen } from '@holdopen/node';
import { answer } from './child.js';
import { serve } from './serve.js';

export type MountName = 'bare' | 'listener' | 'middleware';
export type HandlerName = 'sync' | 'async' | 'events';
type Handler = (req: IncomingMessage, res: ServerResponse) => unknown;

const BODY = JSON.stringify({ ok: true, items: [1, 2, 3], text: 'Hello, world.' });
const EVENTS = Array.from({ length: 64 }, (_, i) => `data: {"n":${i},"text":"some words"}\n\n`);

const handlers: Record<HandlerName, Handler> = {
  sync(_req, res) {
    res.setHeader('Content-Type', 'application/json');
    res.end(BODY);
  },
  async async(_req, res) {
    const body = await Promise.resolve(BODY);
    res.setHeader('Content-Type', 'application/json');
    res.end(body);
  },
  async events(req, res) {
    const count = Number(req.url?.slice(1));
    res.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
    for (let i = 0; i < count; i++) {
      if (!res.write(EVENTS[i & 63])) await once(res, 'drain');
    }
    res.end();
  },
};

function mounted(mount: MountName, handler: Handler): Handler {
  if (mount === 'bare') return (req, res) => handler(req, res);
  if (mount === 'listener') return holdOpen(handler);
  const middleware = holdOpen();
  return (req, res) => middleware(req, res, () => handler(req, res));
}

const [mount, handler] = process.argv.slice(2) as [MountName, HandlerName];
answer(await serve(createServer(mounted(mount, handlers[handler]))));
