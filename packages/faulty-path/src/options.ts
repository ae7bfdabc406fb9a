import type { PathConnection } from './connection.js';
import { FaultyPathError } from './errors.js';
import type { FaultSpec } from './faults.js';
import { checkFault } from './plan.js';
import type { Draw } from './random.js';
import { connectOptions, type Target } from './target.js';

export interface FaultyPathOptions {
  /** Where the path leads. A function is asked for each connection. */
  readonly target: Target | ((connection: number) => Target);
  /**
   * What goes wrong: the same for all connections (with what ranges and `chance` draw), or a function
   * that is asked for each, with its number from 1 and what it can draw from. Default: nothing.
   */
  readonly faults?:
    | readonly FaultSpec[]
    | ((connection: number, draw: Draw) => readonly FaultSpec[]);
  /** Where all chance comes from: a whole number of 32 bits. Default: a new one each time. */
  readonly seed?: number;
  /** The port to listen on. Default: a free one. */
  readonly port?: number;
  /** The address to listen on. Default: `127.0.0.1`. */
  readonly host?: string;
  /**
   * How many closed connections `path.connections` keeps; the oldest are forgotten and counted. At
   * least 0; `Infinity` keeps all. Default: 10000.
   */
  readonly keepClosed?: number;
  /** Sees all bytes as they come to the path, in the pieces in which they came. */
  readonly onBytes?: (bytes: Buffer, from: 'client' | 'target', connection: PathConnection) => void;
  readonly onOpen?: (connection: PathConnection) => void;
  readonly onClose?: (connection: PathConnection) => void;
}

/** Throws for what can be known to be wrong before the first connection comes. */
export function checkOptions({ target, faults, seed, port, keepClosed }: FaultyPathOptions): void {
  if (typeof target !== 'function') connectOptions(target);
  if (Array.isArray(faults)) for (const fault of faults) checkFault(fault);
  if (seed !== undefined && !(Number.isInteger(seed) && Math.abs(seed) <= 2 ** 32)) {
    throw wrong('seed', seed, 'give a whole number of 32 bits, as path.seed was');
  }
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
    throw wrong('port', port, 'give one from 1 to 65535, or 0 for a free one');
  }
  const isCount =
    keepClosed === Infinity || (Number.isInteger(keepClosed) && Number(keepClosed) >= 0);
  if (keepClosed !== undefined && !isCount) {
    throw wrong('keepClosed', keepClosed, 'give a whole number from 0 on, or Infinity');
  }
}

function wrong(name: string, value: unknown, cure: string): FaultyPathError {
  return new FaultyPathError('invalid_option', `${name} is ${String(value)}: ${cure}`);
}
