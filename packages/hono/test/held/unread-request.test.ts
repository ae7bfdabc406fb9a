// @hono/node-server resets a stream over HTTP/2 as soon as its answer has ended, if nobody has read the
// request: the last bytes of a cut would go with it, which Chromium then forgets.
import { once } from 'node:events';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { holdOpen } from '@holdopen/hono';
import { getRequestListener, type Http2Bindings } from '@hono/node-server';
import { Hono } from 'hono';
import { expect, test, vi } from 'vitest';

test('the last bytes of a cut are left to leave, though its handler has not read the request', async () => {
  let destroys: ReturnType<typeof vi.spyOn> | undefined;
  const app = new Hono<{ Bindings: Http2Bindings }>();
  app.post('/', holdOpen({ intervalMs: 60, firstBeatMs: 0, onLateOutcome() {} }), async (c) => {
    destroys = vi.spyOn(c.env.outgoing, 'destroy');
    await new Promise((resolve) => setTimeout(resolve, 100));
    return c.json({ why: 'no' }, 422);
  });
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  const server = http2.createServer((incoming, outgoing) => void listener(incoming, outgoing));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const session = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const stream = session.request({ ':method': 'POST', ':path': '/' });
  stream.on('error', () => {});
  stream.end('{}');
  let text = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk) => {
    text += chunk;
  });
  await new Promise((resolve) => stream.once('close', resolve));
  expect(text.trim().split('\r').at(-1)).toBe('{"why":"no"');
  expect(stream.rstCode).toBe(http2.constants.NGHTTP2_INTERNAL_ERROR);
  // By the server: we tell the stream itself.
  expect(destroys).not.toHaveBeenCalled();
  session.close();
  server.close();
});
