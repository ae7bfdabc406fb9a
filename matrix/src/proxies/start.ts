import { freePorts, startProgram } from '../../../test/support/program.js';
import { findProgram, versionOf } from '../programs.js';
import type { ProxyKind } from './kind.js';

/** A proxy that is listening. */
export interface RunningProxy {
  readonly version: string;
  port(front: string): number;
  close(): Promise<void>;
}

/** @throws NotOnThisMachine if its program is not here; Error if it does not start. */
export async function startProxy(
  kind: ProxyKind,
  { target, idleSeconds }: { readonly target: number; readonly idleSeconds: number },
): Promise<RunningProxy> {
  const program = findProgram(kind.program, kind.debian);
  const version = await versionOf(program, kind.version);
  const ports = await freePorts(kind.fronts.length);
  const port = (front: string): number => {
    const found = ports[kind.fronts.findIndex(({ name }) => name === front)];
    if (found === undefined) throw new Error(`${kind.name} has no front "${front}"`);
    return found;
  };
  const { close } = await startProgram({
    program,
    ports,
    files: (folder) => kind.configure({ target, idleSeconds, folder, port }),
    args: (folder) => kind.args({ target, idleSeconds, folder, port }),
  });
  return { version, port, close };
}
