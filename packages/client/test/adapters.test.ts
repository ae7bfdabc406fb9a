/** The same answers behind each adapter of this project, over HTTP/1.1 and HTTP/2. */
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { certificate } from '../../node/test/held/support/certificate.js';
import { holdEvents, holdFetch } from '../src/index.js';
import { createAgent, createFetch } from '../src/node.js';
import { ANSWERS, APPS, type App } from './support/apps.js';
import { afterBeats } from './support/gate.js';

const CELLS = APPS.flatMap(([name, app]) =>
  // Express does not speak HTTP/2.
  (name === 'Express' ? ['1.1'] : ['1.1', '2.0']).map((version) => ({ name, app, version })),
);

/** The app on TLS, and a `fetch` that speaks one version of HTTP with it. */
async function serve(app: App, version: string) {
  const { gate, onBeat } = afterBeats(2);
  const listener = await app(gate.opened, onBeat);
  const versions = new Set<string>();
  const listen = (request: Http2ServerRequest, response: Http2ServerResponse): void => {
    versions.add(request.httpVersion);
    // The compatibility API is called as HTTP/1's is; the types do not know it.
    Reflect.apply(listener, undefined, [request, response]);
  };
  const server = createSecureServer({ ...certificate, allowHTTP1: true }, listen);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const agent = createAgent({ allowH2: version === '2.0', connect: { ca: certificate.cert } });
  onTestFinished(async () => {
    gate.open();
    await agent.destroy();
    server.close();
  });
  return { url: `https://localhost:${port}`, fetch: createFetch(agent), versions };
}

describe.each(CELLS)('$name over HTTP/$version', ({ app, version }) => {
  test.each(Object.entries(ANSWERS))('%s has its true status', async (path, answer) => {
    const { url, fetch, versions } = await serve(app, version);
    const response = await holdFetch(url + path, { method: 'POST', holdOpen: { fetch } });
    expect([response.status, response.holdOpen?.isHeld]).toEqual([answer.status, true]);
    for (const [name, value] of Object.entries(answer.headers)) {
      expect(response.headers.get(name)).toBe(value);
    }
    const text = await response.text();
    expect(text === '' ? undefined : JSON.parse(text)).toEqual(answer.body);
    expect(response.holdOpen?.outcome?.ok).toBe(answer.status < 400);
    expect([...versions]).toEqual([version]);
  });

  test('events come without beats', async () => {
    const { url, fetch, versions } = await serve(app, version);
    const read = [];
    for await (const event of holdEvents(`${url}/events`, { holdOpen: { fetch } })) {
      read.push([event.event, event.id, event.data]);
    }
    expect(read).toEqual([
      [undefined, '1', 'a'],
      ['b', undefined, 'two\nlines'],
    ]);
    expect([...versions]).toEqual([version]);
  });
});
