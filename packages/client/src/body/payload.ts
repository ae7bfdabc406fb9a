import type { Exchange } from '../exchange.js';
import type { Runtime } from '../runtime.js';
import { Failure } from '../transport/failure.js';
import type { LateHead } from '../wire/late-head.js';
import { joined } from './chunks.js';
import { LeadingSpace } from './leading-space.js';

/** The beginning of a held JSON body behind its beats. */
export interface Payload {
  /** Its first bytes. */
  readonly first: Uint8Array;
  readonly lateHead: LateHead | undefined;
}

/** Waits for the payload of a held body: its outcome is known then. A body of beats alone is a failure. */
export async function readPayload(exchange: Exchange): Promise<Payload> {
  const space = new LeadingSpace();
  for (;;) {
    const bytes = await exchange.read();
    if (bytes === undefined) throw exchange.truncated();
    const first = space.strip(bytes);
    if (first.length > 0) return { first, lateHead: space.lateHead };
  }
}

/** All that comes of a body, and how it broke if it did. */
export async function readRest(
  exchange: Exchange,
  first?: Uint8Array,
): Promise<{ bytes: Uint8Array<ArrayBuffer>; failure: Failure | undefined }> {
  const chunks: Uint8Array[] = first === undefined ? [] : [first];
  try {
    for (let bytes = await exchange.read(); bytes !== undefined; bytes = await exchange.read()) {
      chunks.push(bytes);
    }
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { bytes: joined(chunks), failure: error };
  }
  return { bytes: joined(chunks), failure: undefined };
}

/** So much of an answer that says no is read, and for so long. */
const MAX_TEXT_BYTES = 65_536;
const MAX_TEXT_MS = 5_000;

/** What an answer says that is none, as far as it comes. Then nobody wants the rest. */
export async function readText(
  exchange: Exchange,
  runtime: Runtime,
  first?: Uint8Array,
): Promise<string> {
  const enough = runtime.set(() => void exchange.cancel(), MAX_TEXT_MS);
  const decoder = new TextDecoder();
  let text = decoder.decode(first, { stream: true });
  try {
    while (text.length < MAX_TEXT_BYTES) {
      const bytes = await exchange.read();
      if (bytes === undefined) break;
      text += decoder.decode(bytes, { stream: true });
    }
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
  }
  runtime.clear(enough);
  await exchange.cancel();
  return text;
}
