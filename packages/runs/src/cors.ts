/** What pages of other origins may see of runs. */
export interface CorsOptions {
  /** The origins, or a function of one; `'*'` for all, then without credentials. */
  readonly origins: '*' | readonly string[] | ((origin: string) => boolean);
  /**
   * Whether cookies may come along.
   * @default false
   */
  readonly credentials?: boolean | undefined;
  /**
   * How long, in seconds, a preflight counts.
   * @default 600
   */
  readonly maxAgeSeconds?: number | undefined;
}

/** What a client has to read of the answers about runs. */
const EXPOSED =
  'Content-Location, HoldOpen, HoldOpen-Run, Link, Location, Preference-Applied, Retry-After';

/** The headers of one answer, for whoever asks. Never of the log: the next watcher is another page. */
export function corsHeaders(request: Request, cors: CorsOptions | undefined): Headers {
  const headers = new Headers();
  if (cors === undefined) return headers;
  headers.set('Vary', 'Origin');
  const origin = request.headers.get('origin');
  if (origin === null || !isAllowed(origin, cors)) return headers;
  headers.set('Access-Control-Allow-Origin', cors.origins === '*' ? '*' : origin);
  if (cors.credentials === true) headers.set('Access-Control-Allow-Credentials', 'true');
  headers.set('Access-Control-Expose-Headers', EXPOSED);
  return headers;
}

function isAllowed(origin: string, { origins }: CorsOptions): boolean {
  if (origins === '*') return true;
  return typeof origins === 'function' ? origins(origin) : origins.includes(origin);
}
