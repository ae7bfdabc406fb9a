/** Where a run is found on its server. */
export interface RunPlace {
  /** Its status resource. */
  readonly url: string;
  /** Lets whoever has it join this run, if the server agrees: for when the session has gone. */
  readonly token: string | undefined;
}

const LINK = /<([^>]*)>((?:\s*;\s*[^\s=;,]+(?:\s*=\s*(?:"[^"]*"|[^\s;,"]+))?)*)/g;
const TOKEN_HEADER = 'holdopen-run';

/**
 * The run that an answer belongs to: `Link` with `rel="status"`, and a run token, without which it is
 * the status of something else. A place on another origin than the request's is none, since credentials
 * would have to go there; and neither is one that another origin has named, where a redirect led: it
 * could send them to any path at home.
 */
export function readPlace(response: Response, asked: string, origin: string): RunPlace | undefined {
  const { headers } = response;
  const token = headers.get(TOKEN_HEADER);
  if (token === null) return undefined;
  const base = response.url || asked;
  if (!base.startsWith(`${origin}/`)) return undefined;
  for (const [, target = '', params = ''] of (headers.get('link') ?? '').matchAll(LINK)) {
    if (!/;\s*rel\s*=\s*(?:status\b|"(?:[^"]*\s)?status[\s"])/i.test(params)) continue;
    if (!URL.canParse(target, base)) continue;
    const url = new URL(target, base);
    if (url.origin === origin) return { url: url.href, token };
  }
  return undefined;
}

/** Behind the token header's name only the origin of the run may see it. */
export function showToken(headers: Headers, { token }: RunPlace): void {
  if (token !== undefined) headers.set(TOKEN_HEADER, token);
}
