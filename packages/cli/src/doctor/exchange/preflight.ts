import type { Preflight } from '../observation.js';
import { Recorder } from '../recorder.js';
import { ask } from './ask.js';
import { DialError, dial } from './dial.js';
import { type Ending, Stop } from './ending.js';
import { type HeaderLine, headerOf, type Plan } from './plan.js';

const PREFLIGHT_LIMIT_MS = 10_000;

/** What a client of runs sends to come back to its work (`docs/client.md`). */
export const RESUME_REQUEST_HEADERS = ['idempotency-key', 'last-event-id', 'holdopen-run'];

/** Need no leave (Fetch Standard, section 2.2.1). */
export const SIMPLE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST']);
/** Need no leave (Fetch Standard, section 2.2.2), or are not a page's to set. */
const ALWAYS_ALLOWED = new Set([
  ...['accept', 'accept-language', 'content-language', 'range'],
  ...['accept-encoding', 'connection', 'content-length', 'cookie', 'host', 'origin', 'user-agent'],
]);

/** Asks as a browser does before a page of `plan.origin` may ask. */
export async function preflight(plan: Plan, signal: AbortSignal): Promise<Preflight> {
  const ownHeaders = [...new Set(namesToAsk(plan))].sort();
  const all = [...new Set([...ownHeaders, ...RESUME_REQUEST_HEADERS])].sort();
  const isNeeded = ownHeaders.length > 0 || !SIMPLE_METHODS.has(plan.method);
  const first = await askLeave(plan, all, signal);
  // Some servers give no leave at all as soon as one header has none; a browser asks for its own alone.
  const isWorthMore = isNeeded && first.status !== undefined && !isLeave(plan, first);
  const answer = isWorthMore ? await askLeave(plan, ownHeaders, signal) : first;
  return { ...answer, ownHeaders, isNeeded, isStopped: signal.aborted };
}

type Leave = Pick<Preflight, 'status' | 'headers' | 'requestHeaders' | 'failure'>;

function isLeave({ origin }: Plan, { status = 0, headers }: Leave): boolean {
  const allowed = headerOf(headers, 'access-control-allow-origin');
  return status >= 200 && status <= 299 && (allowed === '*' || allowed === origin);
}

async function askLeave(
  plan: Plan,
  requestHeaders: readonly string[],
  signal: AbortSignal,
): Promise<Leave> {
  const headers: HeaderLine[] = [
    ['Origin', plan.origin ?? ''],
    ['Access-Control-Request-Method', plan.method],
    ...(requestHeaders.length === 0
      ? []
      : ([['Access-Control-Request-Headers', requestHeaders.join(',')]] as const)),
    ['User-Agent', headerOf(plan.headers, 'user-agent') ?? ''],
  ];
  const asked: Plan = { ...plan, method: 'OPTIONS', headers, body: undefined };
  const recorder = new Recorder(() => {});
  const stop = new AbortController();
  const pass = (): void => stop.abort(signal.reason);
  if (signal.aborted) pass();
  signal.addEventListener('abort', pass, { once: true });
  const timer = setTimeout(() => stop.abort(new Stop('max-wait')), PREFLIGHT_LIMIT_MS);
  try {
    const line = await dial(asked, stop.signal);
    const ending = await ask(asked, line, recorder, stop.signal);
    const about = { method: asked.method, url: asked.url.href, line: line.facts };
    const { head } = recorder.observation(about, ending, undefined);
    return {
      status: head?.status,
      headers: head?.headers ?? [],
      requestHeaders,
      failure: head === undefined ? failureOf(ending) : undefined,
    };
  } catch (error) {
    const failure = error instanceof DialError ? failureOf(error.ending) : String(error);
    return { status: undefined, headers: [], requestHeaders, failure };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', pass);
  }
}

/** The names that a page needs leave for. */
function namesToAsk({ headers }: Plan): string[] {
  return headers
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name, value]) => !ALWAYS_ALLOWED.has(name) && !isPlainType(name, value))
    .map(([name]) => name);
}

function isPlainType(name: string, value: string): boolean {
  return (
    name === 'content-type' &&
    /^(?:application\/x-www-form-urlencoded|multipart\/form-data|text\/plain)\b/i.test(value)
  );
}

function failureOf(ending: Ending): string {
  if (ending.how === 'failed') return ending.failure.message;
  return ending.how === 'stopped' ? 'there was no answer in time' : 'there was no answer';
}
