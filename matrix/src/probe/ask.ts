import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { createGunzip } from 'node:zlib';

export interface Question {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly accept: string;
  readonly acceptsGzip?: boolean | undefined;
  /** The client goes away after so long. */
  readonly leavesAfterMs?: number;
  /** It gives up after so long: nothing takes longer than that. */
  readonly limitMs: number;
}

/** How HTTP says that it is over. `cut`: a FIN before the end of the body; `none`: a FIN and nothing else. */
type Ending = 'clean' | 'cut' | 'reset' | 'none' | 'gave up' | 'left';

export interface Heard {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  /** What came of the body, without its coding. */
  readonly text: string;
  /** Each piece of it, at a time of `performance.now()`. */
  readonly arrivals: readonly { readonly atMs: number; readonly text: string }[];
  readonly ending: Ending;
  /** From the request to the end. */
  readonly tookMs: number;
  /** The end, as `performance.now()` has it. */
  readonly endedMs: number;
}

/** Asks once, on a connection of its own, and notes what comes when. */
export function ask({ url, method, accept, acceptsGzip, ...limits }: Question): Promise<Heard> {
  const startMs = performance.now();
  const arrivals: { atMs: number; text: string }[] = [];
  let response: IncomingMessage | undefined;
  let ending: Ending | undefined;

  return new Promise((resolve) => {
    const req = request(url, {
      method,
      agent: false,
      headers: { accept, ...(acceptsGzip && { 'accept-encoding': 'gzip' }) },
    });
    const settle = (how: Ending): void => {
      if (ending !== undefined) return;
      ending = how;
      for (const timer of timers) clearTimeout(timer);
      req.destroy();
      resolve({
        status: response?.statusCode,
        headers: response?.headers ?? {},
        text: arrivals.map(({ text }) => text).join(''),
        arrivals,
        ending,
        tookMs: performance.now() - startMs,
        endedMs: performance.now(),
      });
    };
    const timers = [setTimeout(settle, limits.limitMs, 'gave up')];
    if (limits.leavesAfterMs !== undefined) {
      timers.push(setTimeout(settle, limits.leavesAfterMs, 'left'));
    }
    const broken = (error: NodeJS.ErrnoException): void => {
      // Node gives a FIN the code of a reset, too; but only a reset comes from a call of the system.
      if (error.syscall === 'read') settle('reset');
      else settle(response === undefined ? 'none' : 'cut');
    };
    req.on('error', broken);
    req.once('response', (res) => {
      response = res;
      const isGzip = res.headers['content-encoding'] === 'gzip';
      const body = isGzip ? res.pipe(createGunzip()) : res;
      body.setEncoding('utf8');
      body.on('data', (text: string) => arrivals.push({ atMs: performance.now(), text }));
      body.once('end', () => settle(res.complete ? 'clean' : 'cut'));
      res.on('error', broken);
      if (body !== res) body.on('error', () => settle('cut'));
    });
    req.end(method === 'POST' ? '{}' : undefined);
  });
}
