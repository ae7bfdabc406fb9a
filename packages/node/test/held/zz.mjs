// A held server for a runtime that is not the one of the tests. Says its port, then what it sees.
import http from 'node:http';
import http2 from 'node:http2';
import { holdOpen } from '@holdopen/node';

const say = (what) => console.log(JSON.stringify(what));
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const routes = {
  '/fast': (_req, res) => {
    res.writeHead(203, { 'Content-Type': 'application/json', 'X-A': '1' });
    res.end('{"fast":true}');
  },
  '/json': async (_req, res) => {
    await sleep(250);
    res.setHeader('Content-Type', 'application/json');
    res.end('{"a":"ü"}');
  },
  '/created': async (_req, res) => {
    await sleep(150);
    res.writeHead(201, { 'Content-Type': 'application/json', Location: '/7' });
    res.end('{"id":7}');
  },
  '/422': async (_req, res) => {
    await sleep(150);
    res.writeHead(422, { 'Content-Type': 'application/json' });
    res.end('{"why":"late"}');
  },
  '/thrown': async () => {
    await sleep(150);
    throw new Error('late');
  },
  '/pieces': async (_req, res) => {
    await sleep(150);
    res.setHeader('Content-Type', 'application/json');
    for (const piece of ['["one', '",', '2', ',3', ']']) {
      res.write(piece);
      await sleep(20);
    }
    res.end();
  },
  '/events': async (_req, res) => {
    res.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
    for (const piece of ['data: 1\n\n', 'data: 2\n', 'da', 'ta: 3\n\n']) {
      res.write(piece);
      await sleep(170);
    }
    res.end();
  },
  '/silent-events': async (_req, res) => {
    res.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
    res.flushHeaders();
    await sleep(200);
    res.end('data: 1\n\n');
  },
  '/wait': (req) => {
    req.holdOpen.signal.addEventListener('abort', () => {
      say({ aborted: req.holdOpen.signal.reason.code, state: req.holdOpen.state });
    });
  },
  '/hints': async (_req, res) => {
    await sleep(150);
    if (typeof res.writeInformation === 'function') res.writeInformation(103, { link: '</a>' });
    if (typeof res.writeEarlyHints === 'function')
      res.writeEarlyHints({ link: '</a>; rel=preload' });
    res.end('{}');
  },
};

const handler = (req, res) => {
  res.on('finish', () => say({ finish: req.url, status: res.statusCode }));
  res.on('close', () => say({ close: req.url }));
  return routes[req.url](req, res);
};

const options = { firstBeatMs: 20, intervalMs: 60, onLateOutcome() {} };
const listener = holdOpen(handler, options);
const server = http.createServer(listener);
const http2Server = http2.createServer(listener);
server.listen(0, '127.0.0.1', () => {
  http2Server.listen(0, '127.0.0.1', () => {
    say({ port: server.address().port, http2Port: http2Server.address().port });
  });
});
