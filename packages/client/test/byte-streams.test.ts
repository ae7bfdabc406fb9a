/** Safari up to 26.3 has no byte streams. */
import type { UnderlyingSource } from 'node:stream/web';
import { expect, test, vi } from 'vitest';
import { chunk, chunkedHead, END, RawServer } from './support/raw-server.js';

test('an answer is read where there are no byte streams', async () => {
  const Plain = new Proxy(ReadableStream, {
    construct(Native, [source, strategy]: [UnderlyingSource?, object?]) {
      if (source?.type !== undefined) throw new TypeError('not implemented');
      return new Native(source, strategy);
    },
  });
  await using server = await RawServer.start((socket) =>
    socket.write(chunkedHead() + chunk('{"a":') + chunk('1}') + END),
  );
  vi.stubGlobal('ReadableStream', Plain);
  vi.resetModules();
  const { holdFetch } = await import('../src/index.js');
  // Node's own fetch cannot do without.
  vi.unstubAllGlobals();
  const response = await holdFetch(server.url);
  // A byte stream would have such a reader.
  expect(() => response.clone().body?.getReader({ mode: 'byob' })).toThrow(TypeError);
  const chunks: Uint8Array[] = [];
  for await (const bytes of response.body ?? []) chunks.push(bytes);
  expect(Buffer.concat(chunks).toString()).toBe('{"a":1}');
});
