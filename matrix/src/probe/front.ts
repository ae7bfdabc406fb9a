import type { MatrixServer } from '../server/server.js';

/** One set-up of a proxy that is listening, and the server behind it. */
export interface ProbedFront {
  readonly port: number;
  readonly acceptsGzip?: boolean | undefined;
  /** Whose log has what came of it. */
  readonly server: MatrixServer;
}
