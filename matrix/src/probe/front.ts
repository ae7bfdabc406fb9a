import type { Seen } from '../server/log.js';

/** What is listening, and how to ask for what the server behind it saw. */
export interface ProbedFront {
  /** `http://127.0.0.1:1234`, or `https://localhost:1234`. */
  readonly origin: string;
  /** What is spoken to it; 1.1 if it is not said. */
  readonly version?: '1.1' | '2';
  readonly acceptsGzip?: boolean | undefined;
  seen(id: string): Promise<Seen>;
}
