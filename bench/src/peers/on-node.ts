import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { holdOpen } from '@holdopen/node';
import { createSession } from 'better-sse';
import SseChannel from 'sse-channel';
import { BEAT, bareSink, eventsAsked, type Sink, sendAll } from './sink.js';

export type NodePeer =
  | 'node'
  | 'node, holdOpen'
  | 'node, setInterval'
  | 'better-sse'
  | 'sse-channel';

type Open = (req: IncomingMessage, res: ServerResponse) => Sink | Promise<Sink>;
type Handler = (req: IncomingMessage, res: ServerResponse) => unknown;

const JSON_BODY = JSON.stringify({ ok: true, items: [1, 2, 3], text: 'Hello, world.' });

export function onNode(peer: NodePeer, intervalMs: number): Server {
  const handler = handlerOf(sinkOf(peer, intervalMs), peer, intervalMs);
  return createServer(peer === 'node, holdOpen' ? holdOpen(handler, { intervalMs }) : handler);
}

function handlerOf(open: Open, peer: NodePeer, intervalMs: number): Handler {
  return async (req, res) => {
    if (req.url === '/items') {
      if (peer === 'node, setInterval') beatByHand(res, '\n', intervalMs, 'application/json');
      const body = await Promise.resolve(JSON_BODY);
      if (!res.headersSent) res.setHeader('Content-Type', 'application/json');
      res.end(body);
      return;
    }
    const sink = await open(req, res);
    const count = eventsAsked(req.url);
    if (count !== undefined) await sendAll(sink, count, res);
    // Whoever waits for the first beat would otherwise not know that it is held.
    else if (peer === 'node, setInterval') res.write(BEAT);
  };
}

function sinkOf(peer: NodePeer, intervalMs: number): Open {
  switch (peer) {
    case 'node':
    case 'node, holdOpen':
      return (_req, res) => bareSink(res);
    case 'node, setInterval':
      return (_req, res) => {
        beatByHand(res, BEAT, intervalMs);
        return bareSink(res);
      };
    case 'better-sse':
      return async (req, res) => {
        const session = await createSession(req, res, {
          keepAlive: intervalMs,
          serializer: String,
        });
        return { send: (data) => session.push(data), end: () => void res.end() };
      };
    case 'sse-channel': {
      const channel = new SseChannel({ pingInterval: intervalMs });
      return (req, res) => {
        channel.addClient(req, res);
        return { send: (data) => channel.send(data, [res]), end: () => void res.end() };
      };
    }
  }
}

/** What one finds in hundreds of applications. */
function beatByHand(res: ServerResponse, beat: string, intervalMs: number, type?: string): void {
  const timer = setInterval(() => {
    if (!res.headersSent && type !== undefined) res.writeHead(200, { 'Content-Type': type });
    res.write(beat);
  }, intervalMs);
  res.on('close', () => clearInterval(timer));
}
