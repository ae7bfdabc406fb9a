// What stands behind the proxies: answers as quickly as Node can, and never closes first.
import { createServer } from 'node:http';
import { answer } from '../child.js';
import { serve } from '../serve.js';

const BODY = JSON.stringify({ ok: true, items: [1, 2, 3], text: 'Hello, world.' });

const server = createServer((_req, res) => {
  res.setHeader('Content-Type', 'application/json');
  res.setHeader('Content-Length', Buffer.byteLength(BODY));
  res.end(BODY);
});
answer(await serve(server));
