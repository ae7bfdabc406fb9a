import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { HttpError } from './http-error.js';

export const MAX_TOOL_MS = 600_000;

/** What a client asks the tool to do. */
export interface Order {
  /** The directory to survey, relative to the server's root. */
  readonly path: string;
  /** How long the tool takes, in milliseconds. */
  readonly toolMs: number;
  /** The tool does all its work and fails then. */
  readonly fail: boolean;
}

const DEFAULTS: Order = { path: '.', toolMs: 6_000, fail: false };

/** Checks the JSON of a message. Throws 400. */
export function parseOrder(json: unknown): Order {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new HttpError(400, 'the body is not a JSON object');
  }
  const unknown = Object.keys(json).find((name) => !Object.hasOwn(DEFAULTS, name));
  if (unknown !== undefined) {
    throw new HttpError(400, `"${unknown}" is not known here: there are path, toolMs and fail`);
  }

  const { path, toolMs, fail }: Record<keyof Order, unknown> = { ...DEFAULTS, ...json };
  if (typeof path !== 'string') throw new HttpError(400, 'path is not a string');
  if (typeof toolMs !== 'number' || !Number.isInteger(toolMs) || toolMs < 0 || toolMs > MAX_TOOL_MS)
    throw new HttpError(400, `toolMs is not a whole number from 0 to ${MAX_TOOL_MS}`);
  if (typeof fail !== 'boolean') throw new HttpError(400, 'fail is neither true nor false');
  return { path, toolMs, fail };
}

/** The real path of a directory at or below `root`, itself a real path. Throws 400. */
export async function resolveBelow(root: string, path: string): Promise<string> {
  const wanted = resolve(root, path);
  // Before the disk is asked, so that nobody can find out what exists elsewhere.
  if (isOutside(root, wanted)) throw outside(path);

  let real: string;
  try {
    real = await realpath(wanted);
  } catch (cause) {
    throw new HttpError(400, `path "${path}" does not exist`, { cause });
  }
  // And after it, for the way may lead over a symbolic link.
  if (isOutside(root, real)) throw outside(path);
  if (!(await stat(real)).isDirectory()) {
    throw new HttpError(400, `path "${path}" is not a directory`);
  }
  return real;
}

function isOutside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way);
}

const outside = (path: string) =>
  new HttpError(400, `path "${path}" leads out of the directory that this server may survey`);
