// What stands behind the proxies: answers as quickly as Node can, and never closes first.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answer } from '../child.js';

const BODY = JSON.stringify({ ok: true, items: [1, 2, 3], text: 'Hello, world.' });

const server = createServer((_req, res) => {
  res.setHeader('Content-Type', 'application/json');
  res.setHeader('Content-Length', Buffer.byteLength(BODY));
  res.end(BODY);
});
server.keepAliveTimeout = 600_000;
server.listen(0, '127.0.0.1');
await once(server, 'listening');

const commands = { port: () => (server.address() as AddressInfo).port };
export type OriginServer = typeof commands;
answer(commands);
