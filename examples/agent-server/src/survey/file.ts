import { createHash } from 'node:crypto';
import { constants, open } from 'node:fs/promises';

export interface InspectedFile {
  readonly bytes: number;
  /** 0 for a binary file. */
  readonly lines: number;
  readonly binary: boolean;
  readonly sha256: string;
}

const LF = 10;

// One buffer for all files, which are read one after the other: memory does not grow with them.
const buffer = Buffer.allocUnsafe(64 * 1024);

/** Gives `undefined` for a file that cannot be read. */
export async function inspectFile(path: string): Promise<InspectedFile | undefined> {
  // Should the file have become a link since it was listed, it is not followed out of the tree.
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0);
  const file = await open(path, flags).catch(() => undefined);
  if (file === undefined) return undefined;

  try {
    const hash = createHash('sha256');
    let bytes = 0;
    let lines = 0;
    let binary = false;
    let last = LF;
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length);
      if (bytesRead === 0) break;
      const piece = buffer.subarray(0, bytesRead);
      hash.update(piece);
      bytes += bytesRead;
      // No text has a NUL in it: git tells binary files in the same way.
      binary ||= piece.includes(0);
      for (let at = piece.indexOf(LF); at !== -1; at = piece.indexOf(LF, at + 1)) lines += 1;
      last = piece[bytesRead - 1] ?? LF;
    }
    if (last !== LF) lines += 1;
    return { bytes, lines: binary ? 0 : lines, binary, sha256: hash.digest('hex') };
  } catch {
    return undefined;
  } finally {
    await file.close();
  }
}
