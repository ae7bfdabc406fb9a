import type { Call } from '../call.js';
import type { Exchange } from '../exchange.js';
import { Failure } from '../transport/failure.js';
import { JsonScanner } from './json-scanner.js';
import { readRest } from './payload.js';
import { OpaqueTracker } from './record-tracker.js';

const METHODS = ['arrayBuffer', 'blob', 'bytes', 'formData', 'json', 'text'] as const;

/**
 * Times whoever reads a native Response by its methods, and explains what fails then. Its `body` is left
 * alone: a stream of ours in its place costs more than a small answer does.
 */
export function watchReaders(call: Call, exchange: Exchange, isDocument: boolean): void {
  const { response } = exchange;
  for (const method of METHODS) {
    const native: unknown = Reflect.get(response, method);
    if (typeof native !== 'function') continue;
    const read = async (): Promise<unknown> => {
      // It says itself what is wrong.
      if (response.bodyUsed || response.body?.locked) return Reflect.apply(native, response, []);
      const bytes = await readWhole(call, exchange, isDocument);
      const { headers } = response;
      return Reflect.apply(native, new Response(bytes, { headers }), []);
    };
    Object.defineProperty(response, method, { value: read, configurable: true, writable: true });
  }
}

async function readWhole(call: Call, exchange: Exchange, isDocument: boolean) {
  const scanner = new JsonScanner();
  exchange.watch(isDocument ? scanner : new OpaqueTracker());
  try {
    const { bytes, failure } = await readRest(exchange);
    if (failure !== undefined) throw failure;
    const isWhole = !isDocument || bytes.length === 0 || scanner.verdict === 'whole';
    if (!isWhole) throw exchange.truncated();
    await call.settle(exchange.response.status);
    return bytes;
  } catch (error) {
    throw error instanceof Failure ? await call.giveUp(error) : error;
  }
}
