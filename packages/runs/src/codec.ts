import { decodeEntry, decodeHead, type EndEntry, type Entry, type RunHead } from './entry.js';
import { isTransient, RunError } from './errors.js';
import { within } from './insist.js';
import type { Timers } from './timers.js';

/** Encrypts logs at rest. Both may be asynchronous; `run` can be bound in as associated data. */
export interface LogCodec {
  seal(bytes: Uint8Array, run: string): Uint8Array | Promise<Uint8Array>;
  /** Gives what was sealed, or throws. */
  open(bytes: Uint8Array, run: string): Uint8Array | Promise<Uint8Array>;
}

/** A first byte that no entry has. */
const SEALED = 128;

/** The bytes as they go to the store. */
export async function seal(
  codec: LogCodec | undefined,
  bytes: Uint8Array,
  run: string,
): Promise<Uint8Array> {
  if (codec === undefined) return bytes;
  const sealed = await codec.seal(bytes, run);
  const tagged = new Uint8Array(sealed.length + 1);
  tagged[0] = SEALED;
  tagged.set(sealed, 1);
  return tagged;
}

/** How long a codec is waited for, which may ask a service for its keys. */
export interface OpenPatience {
  readonly timers: Timers;
  readonly limitMs: number;
  /** Nobody wants it any more. */
  readonly signal?: AbortSignal | undefined;
}

/** @throws RunError `corrupt_entry`, `store_away` */
export async function openEntry(
  codec: LogCodec | undefined,
  bytes: Uint8Array,
  run: string,
  patience: OpenPatience,
): Promise<Entry> {
  if (bytes[0] === SEALED) return decodeEntry(await open(codec, bytes, run, patience));
  const entry = decodeEntry(bytes);
  if (codec !== undefined && !(entry.kind === 'end' && isInTheClear(entry))) throw unsealed(run);
  return entry;
}

/**
 * Ends that are no secret, and that nobody may be able to seal: watchers and sweepers, which say `lost`, may
 * have no key, and an owner whose codec fails has none that works.
 */
export function isInTheClear({ state, code }: EndEntry): boolean {
  return state === 'lost' || code === 'seal_failed';
}

/** @throws RunError `corrupt_entry`, `store_away` */
export async function openHead(
  codec: LogCodec | undefined,
  bytes: Uint8Array,
  run: string,
  patience: OpenPatience,
): Promise<RunHead> {
  if (bytes[0] === SEALED) return decodeHead(await open(codec, bytes, run, patience));
  if (codec !== undefined) throw unsealed(run);
  return decodeHead(bytes);
}

async function open(
  codec: LogCodec | undefined,
  bytes: Uint8Array,
  run: string,
  { timers, limitMs, signal }: OpenPatience,
): Promise<Uint8Array> {
  if (codec === undefined) {
    throw new RunError(
      'corrupt_entry',
      'The log of a run is sealed and there is no codec to open it: give all processes the same codec.',
      { run },
    );
  }
  try {
    const opened = async () => codec.open(bytes.subarray(1), run);
    return await within(opened, limitMs, { timers, signal });
  } catch (cause) {
    if (isTransient(cause)) {
      const message = `The codec opened nothing within ${limitMs} ms. Look after where it has its keys from.`;
      throw new RunError('store_away', message, { run });
    }
    throw new RunError(
      'corrupt_entry',
      'The codec could not open an entry of a log. Keep old keys for as long as runs are kept.',
      { run, cause },
    );
  }
}

function unsealed(run: string): RunError {
  return new RunError(
    'corrupt_entry',
    'There is a codec, and the log has an entry that was not sealed with it: give all processes the same codec.',
    { run },
  );
}
