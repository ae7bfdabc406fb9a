import type { Call } from '../call.js';
import type { Exchange } from '../exchange.js';
import { Failure } from '../transport/failure.js';
import { JsonScanner } from './json-scanner.js';

const OTHERS = ['blob', 'bytes', 'formData'] as const;

/**
 * Times whoever reads a native Response by its methods, and explains what fails then. Its `body` is left
 * alone: a stream of ours in its place costs more than a small answer does.
 */
export function watchReaders(call: Call, exchange: Exchange, isDocument: boolean): void {
  const response: Response = exchange.response;
  const watched = async <Value>(read: () => Promise<Value>): Promise<Value> => {
    try {
      const value = await exchange.finish(read());
      await call.settle();
      return value;
    } catch (error) {
      throw error instanceof Failure ? await call.giveUp(error) : error;
    }
  };
  const { arrayBuffer } = response;
  /** Of a document: whether all of it is there, if a parser has not said so. */
  const readBytes = (): Promise<ArrayBuffer> => arrayBuffer.call(response);
  const readText = async (): Promise<string> => {
    const bytes = await readBytes();
    if (isDocument && bytes.byteLength > 0 && !isWhole(bytes)) throw exchange.truncated();
    return new TextDecoder().decode(bytes);
  };
  const readers: Record<string, () => Promise<unknown>> = {
    arrayBuffer: readBytes,
    text: readText,
    json: async () => JSON.parse(await readText()),
  };
  for (const name of OTHERS) {
    const read: unknown = Reflect.get(response, name);
    if (typeof read === 'function') readers[name] = () => Reflect.apply(read, response, []);
  }
  for (const [name, read] of Object.entries(readers)) {
    const value = (): Promise<unknown> => watched(read);
    Object.defineProperty(response, name, { value, configurable: true, writable: true });
  }
}

function isWhole(bytes: ArrayBuffer): boolean {
  const scanner = new JsonScanner();
  scanner.push(new Uint8Array(bytes));
  return scanner.verdict === 'whole';
}
