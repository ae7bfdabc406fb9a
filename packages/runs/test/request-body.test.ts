import { describe, expect, test } from 'vitest';
import { readBody } from '../src/serve/body.js';

function request(text: string, headers: Record<string, string>, chunks = 1) {
  const bytes = new TextEncoder().encode(text);
  let pulled = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        controller.enqueue(bytes);
        pulled += 1;
        if (pulled === chunks) controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  const init: RequestInit = { method: 'POST', body, headers, duplex: 'half' };
  return { request: new Request('http://test.example/', init), pulled: () => pulled };
}

/** As @hono/node-server gives it: an object that becomes a Request when its stream is wanted. */
function ofServer(text: string, headers: Record<string, string>) {
  const seen = { streams: 0 };
  const { request: real } = request(text, headers);
  const lazy: unknown = Object.create(
    Object.create(Request.prototype, {
      headers: { value: real.headers },
      bodyUsed: { value: false },
      arrayBuffer: { value: () => real.arrayBuffer() },
      body: {
        get() {
          seen.streams += 1;
          return real.body;
        },
      },
    }),
  );
  return { lazy: lazy as Request, seen };
}

async function textOf(given: Request, maxBytes = 10): Promise<string | undefined> {
  const bytes = await readBody(given, maxBytes);
  return bytes && new TextDecoder().decode(bytes);
}

describe('a body', () => {
  test.each(['0', '1', '10'])(
    'of %s bytes is read without a stream where its server can',
    async (length) => {
      const text = 'x'.repeat(Number(length));
      const { lazy, seen } = ofServer(text, { 'content-length': length });
      expect(await textOf(lazy)).toBe(text);
      expect(seen.streams).toBe(0);
    },
  );

  test.each([
    [{}],
    [{ 'content-length': '3', 'transfer-encoding': 'chunked' }],
    [{ 'content-length': '3, 3' }],
    [{ 'content-length': '1e1' }],
  ])('whose length no server has looked after is read as a stream (%j)', async (headers) => {
    const { lazy, seen } = ofServer('abc', headers);
    expect(await textOf(lazy)).toBe('abc');
    expect(seen.streams).toBe(1);
  });

  test('is refused if more came than its length had said', async () => {
    expect(await textOf(ofServer('x'.repeat(11), { 'content-length': '3' }).lazy)).toBeUndefined();
    expect(await textOf(ofServer('x', { 'content-length': '11' }).lazy)).toBeUndefined();
  });

  test.each(['as it was made', 'cloned'])(
    'of a Request that somebody made is not read beyond the bound, whatever its length says (%s)',
    async (how) => {
      // Such as one that was decompressed on the way.
      const { request: made, pulled } = request('12345', { 'content-length': '5' }, 1_000);
      expect(await textOf(how === 'cloned' ? made.clone() : made)).toBeUndefined();
      expect(pulled()).toBeLessThan(5);
    },
  );
});
