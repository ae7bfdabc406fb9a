import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { holdOpen } from '@holdopen/node';

/** How long the handlers of the server work, and how often it beats. */
const WORK_MS = 3_200;
const INTERVAL_MS = 400;

type Handler = (req: IncomingMessage, res: ServerResponse) => Promise<void>;

const json: Handler = async (_req, res) => {
  await delay(WORK_MS);
  res.setHeader('Content-Type', 'application/json');
  res.end(JSON.stringify({ answer: 42 }));
};

const events: Handler = async (_req, res) => {
  res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-transform' });
  res.write('data: first\n\n');
  await delay(WORK_MS);
  res.end('data: last\n\n');
};

const held = holdOpen(json, { intervalMs: INTERVAL_MS });

const ROUTES: Readonly<Record<string, Handler>> = {
  '/held': held,
  /** Something of the application's own takes no-transform away. */
  '/transformable': (req, res) => {
    const { writeHead } = res;
    res.writeHead = (status: number, ...more: unknown[]) => {
      const headers = Object.assign({}, ...more, { 'Cache-Control': 'no-store' });
      return Reflect.apply(writeHead, res, [status, headers]);
    };
    return held(req, res);
  },
  '/rare-beats': holdOpen(json, { intervalMs: 2_400 }),
  '/silent': json,
  '/quick': async (_req, res) => {
    res.setHeader('Content-Type', 'application/json');
    res.end('{"quick":true}');
  },
  '/refused-late': holdOpen(
    async (_req, res) => {
      await delay(WORK_MS);
      res.writeHead(422, { 'Content-Type': 'application/json', 'Retry-After': '5' });
      res.end(JSON.stringify({ error: 'unprocessable' }));
    },
    { intervalMs: INTERVAL_MS },
  ),
  '/events': holdOpen(events, { intervalMs: INTERVAL_MS }),
  '/events-alone': events,
  '/late-events': holdOpen(events, { intervalMs: INTERVAL_MS, format: 'sse', firstBeatMs: 500 }),
  '/dies': holdOpen(
    async (_req, res) => {
      res.writeHead(200, { 'Content-Type': 'application/json' });
      res.write('{"half":');
      await delay(WORK_MS);
      res.destroy();
    },
    { intervalMs: INTERVAL_MS },
  ),
};

/** A real server of this project: some of its routes are held, some are not. */
export function createHeldServer(): Server {
  return createServer((req, res) => {
    const handler = ROUTES[(req.url ?? '').replace(/\?.*/, '')];
    if (handler === undefined) res.writeHead(404).end();
    else void handler(req, res);
  });
}
