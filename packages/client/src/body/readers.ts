import { joined, textOf } from './chunks.js';
import { type BodySource, readAll } from './source.js';

const METHODS = (['arrayBuffer', 'blob', 'bytes', 'formData'] as const).filter(
  (method) => method in Response.prototype,
);

/**
 * Times whoever reads a native Response by its methods, and explains what fails then. Its `body` is left
 * alone: a stream of ours in its place costs more than a small answer does.
 */
export function watchReaders(response: Response, source: BodySource): Response {
  const reader =
    <Value>(make: (chunks: Uint8Array[]) => Value, native: () => Promise<Value>) =>
    async (): Promise<Value> => {
      // It says itself what is wrong.
      if (response.bodyUsed || response.body?.locked) return native.call(response);
      return make(await readAll(source));
    };
  response.json = reader((chunks) => JSON.parse(textOf(chunks)), response.json);
  response.text = reader(textOf, response.text);
  for (const method of METHODS) {
    const native: () => Promise<unknown> = response[method];
    const make = (chunks: Uint8Array[]): unknown =>
      native.call(new Response(joined(chunks), { headers: response.headers }));
    Object.assign(response, { [method]: reader(make, native) });
  }
  return response;
}
