/** HTTP/2 on Deno, whose fetch speaks it by itself; that of Bun does not. Node's is in adapters.test.ts. */
import { once } from 'node:events';
import { constants, createSecureServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { deno } from '../../../test/runtimes.js';
import { certificate } from '../../node/test/held/support/certificate.js';
import { bundleAsker, RuntimeChild } from './support/child.js';
import { ANSWERS_TOLD, CELLS, TlsApp } from './support/tls-app.js';

let child: RuntimeChild;
beforeAll(async () => {
  const flags = ['run', '--allow-all', '--unsafely-ignore-certificate-errors'];
  child = new RuntimeChild([deno(), ...flags], await bundleAsker());
});
afterAll(() => child.kill());

const ask = (url: string, holdOpen = {}) =>
  child.ask({ url, wants: 'answer', holdOpen, timeoutMs: 20_000 });

test.each(CELLS.filter(({ version }) => version === '2.0'))(
  '$name: a held answer has its true status, and its payload alone',
  async ({ app, version }) => {
    for (const [path, { status, text }] of ANSWERS_TOLD) {
      await using server = await TlsApp.start(app, version);
      const said = await ask(server.url + path, { retry: false });
      expect(said).toBe(`${status} ${JSON.stringify(text)}`);
      expect([...server.versions]).toEqual(['2.0']);
    }
  },
);

/** A server that treats the nth request, a POST without a key, as it is told to. */
async function hostile(treat: (stream: ServerHttp2Stream, count: number) => void) {
  let count = 0;
  const server = createSecureServer({ ...certificate });
  server.on('stream', (stream) => {
    count += 1;
    stream.on('error', () => {});
    treat(stream, count);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const url = `https://localhost:${(server.address() as AddressInfo).port}/`;
  return { url, requests: () => count };
}

const answers = (stream: ServerHttp2Stream, body: string): ServerHttp2Stream => {
  stream.respond({ ':status': 200, 'content-type': 'application/json' });
  stream.write(body);
  return stream;
};

test('a stream that was refused has not run, and is asked for again', async () => {
  const { url, requests } = await hostile((stream, count) => {
    if (count === 1) stream.close(constants.NGHTTP2_REFUSED_STREAM);
    else answers(stream, `${count}`).end();
  });
  expect(await ask(url, { retry: { baseMs: 5 } })).toBe('200 "2"');
  expect(requests()).toBe(2);
});

test.each<[string, (stream: ServerHttp2Stream) => void, RegExp]>([
  ['reset before its head', (stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR), /^[A-Z]+$/],
  ['gone with its session', (stream) => stream.session?.destroy(), /^[A-Z]+$/],
  [
    'reset in its body',
    (stream) => {
      answers(stream, '{"a":');
      // `close` would end it as if it were whole.
      setTimeout(() => stream.destroy(new Error('broken')), 50);
    },
    /^(?:CLOSED|RESET)$/,
  ],
  ['ended in its document', (stream) => answers(stream, '{"a":').end(), /^TRUNCATED$/],
])('one that is %s may have run, and is not', async (_, treat, code) => {
  const { url, requests } = await hostile(treat);
  const said = await ask(url, { retry: { baseMs: 5 } });
  expect(said).toMatch(code);
  expect(said).not.toMatch(/REFUSED/);
  expect(requests()).toBe(1);
});
