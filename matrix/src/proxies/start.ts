import { existsSync } from 'node:fs';
import { freePorts, startProgram } from '../../../test/support/program.js';
import { findProgram, NotOnThisMachine, versionOf } from '../programs.js';
import type { ProxyKind, Targets } from './kind.js';

/** A proxy that is listening. */
export interface RunningProxy {
  readonly version: string;
  port(front: string): number;
  /** @throws Error if it is not running any more. */
  check(): void;
  close(): Promise<void>;
}

/** @throws NotOnThisMachine if its program is not here; Error if it does not start. */
export async function startProxy(kind: ProxyKind, targets: Targets): Promise<RunningProxy> {
  const program = findProgram(kind.program, kind.debian);
  const { part } = kind;
  if (part !== undefined && !existsSync(part.file)) {
    throw new NotOnThisMachine(`there is no ${part.file} (Debian: ${part.debian})`);
  }
  const version = await versionOf(program, kind.version);
  const ports = await freePorts(kind.fronts.length);
  const port = (front: string): number => {
    const found = ports[kind.fronts.findIndex(({ name }) => name === front)];
    if (found === undefined) throw new Error(`${kind.name} has no front "${front}"`);
    return found;
  };
  const { check, close } = await startProgram({
    program,
    ports,
    files: (folder) => kind.configure({ ...targets, folder, port }),
    args: (folder) => kind.args({ ...targets, folder, port }),
    inOwnGroup: true,
  });
  return { version, port, check, close };
}
