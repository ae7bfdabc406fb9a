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
  // A Response outlives its reading in undici, and all that hangs on it would be moved to the old generation.
  let unread: BodySource | undefined = source;
  const reader =
    <Value>(make: (chunks: Uint8Array[]) => Value, native: () => Promise<Value>) =>
    async (): Promise<Value> => {
      // It says itself what is wrong.
      if (unread === undefined || response.bodyUsed || response.body?.locked) {
        return native.call(response);
      }
      const chunks = readAll(unread);
      unread = undefined;
      return make(await chunks);
    };
  // The global one may be a server's own by now, whose readers take no other.
  const Native = response.constructor as typeof Response;
  const readers: Record<string, () => Promise<unknown>> = {
    json: reader((chunks) => JSON.parse(textOf(chunks)), response.json),
    text: reader(textOf, response.text),
  };
  for (const method of METHODS) {
    const native: () => Promise<unknown> = Reflect.get(response, method);
    readers[method] = reader(
      (chunks) => native.call(new Native(joined(chunks), { headers: response.headers })),
      native,
    );
  }
  return Object.assign(response, readers);
}
