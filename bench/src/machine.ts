import { cpus, totalmem } from 'node:os';

/** Most machines shorten the names of their processors differently; the count is what matters. */
export const MACHINE = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GB`;
