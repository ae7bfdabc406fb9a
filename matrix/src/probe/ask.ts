import { askHttp1 } from './ask-http1.js';
import { askHttp2 } from './ask-http2.js';

export interface Question {
  readonly url: string;
  /** What is spoken to the front; over TLS if the URL says so. */
  readonly version: '1.1' | '2';
  readonly method: 'GET' | 'POST';
  readonly accept: string;
  readonly acceptsGzip?: boolean | undefined;
  /** The client goes away after so long. */
  readonly leavesAfterMs?: number;
  /** It gives up after so long: nothing takes longer than that. */
  readonly limitMs: number;
}

/**
 * How HTTP says that it is over. `cut`: a FIN before the end of the body, or RST_STREAM; `none`: that and
 * nothing else.
 */
export type Ending = 'clean' | 'cut' | 'reset' | 'none' | 'gave up' | 'left';

export interface Heard {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** What came of the body, without its coding. */
  readonly text: string;
  /** Each piece of it, at a time of `Date.now()`. */
  readonly arrivals: readonly { readonly atMs: number; readonly text: string }[];
  readonly ending: Ending;
  /** How it was cut, in words, where it was. */
  readonly cutBy?: string | undefined;
  /** From the request to the end. */
  readonly tookMs: number;
  /** The end, as `Date.now()` has it. */
  readonly endedMs: number;
}

/** Asks once, on a connection of its own, and notes what comes when. */
export function ask(question: Question): Promise<Heard> {
  return question.version === '2' ? askHttp2(question) : askHttp1(question);
}
