import type { Recorder } from '../recorder.js';
import type { Line } from './dial.js';
import { type Ending, failed } from './ending.js';
import { askHttp1 } from './http1.js';
import { askHttp2 } from './http2.js';
import type { Plan } from './plan.js';

/** Asks over a connection, which is gone afterwards, and tells the recorder what comes. Never rejects. */
export async function ask(
  plan: Plan,
  line: Line,
  recorder: Recorder,
  signal: AbortSignal,
): Promise<Ending> {
  const askIt = line.speaks === 'h2' ? askHttp2 : askHttp1;
  try {
    return await askIt(plan, line, recorder, signal);
  } catch (error) {
    // Node throws for headers that no request can have, or none of HTTP/2.
    return failed('not-sent', error);
  } finally {
    line.socket.destroy();
  }
}
