import { readFileSync } from 'node:fs';
import { validateHeaderName, validateHeaderValue } from 'node:http';
import { InvalidArgumentError } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import { ACCEPT_ENCODING } from './exchange/body.js';
import { type HeaderLine, headerOf, type Plan } from './exchange/plan.js';

/** Most hops that wait for a byte have given up by then. */
const DEFAULT_MAX_WAIT_MS = 180_000;

/** What commander gives. */
export interface DoctorOptions {
  readonly request?: string;
  readonly header?: readonly HeaderLine[];
  readonly data?: string;
  readonly http1?: true;
  readonly http2?: true;
  readonly insecure?: true;
  readonly origin?: string;
  readonly credentials?: true;
  readonly maxWait?: number;
  readonly beats?: number;
  readonly idle?: readonly number[];
  readonly width?: number;
  readonly json?: true;
}

/** What `-d` is for standard input, whose bytes are handed in: read at once, a pipe may be empty yet. */
export const STANDARD_INPUT = '@-';

/** Throws an Error that says what to change. */
export function planOf(url: URL, options: DoctorOptions, input?: Buffer): Plan {
  const { http1, http2, origin, credentials, data } = options;
  if (http1 === true && http2 === true) {
    throw new Error('--http1 and --http2 exclude each other: choose one, or neither.');
  }
  if (credentials === true && origin === undefined) {
    throw new Error('--credentials says what the page of --origin sends: name that, too.');
  }
  const body = data === undefined ? undefined : (input ?? bodyOf(data));
  const method = options.request ?? (body === undefined ? 'GET' : 'POST');
  return {
    url,
    method,
    headers: headersOf(options.header ?? [], body, origin),
    body,
    httpVersion: http1 === true ? '1.1' : http2 === true ? '2' : 'any',
    isInsecure: options.insecure === true,
    origin,
    hasCredentials: credentials === true,
    maxWaitMs: options.maxWait ?? DEFAULT_MAX_WAIT_MS,
    enoughBeats: options.beats,
    idleLimitsMs: options.idle ?? [],
  };
}

function headersOf(
  given: readonly HeaderLine[],
  body: Buffer | undefined,
  origin: string | undefined,
): HeaderLine[] {
  const looksJson = body !== undefined && /^\s*[{["]/.test(body.toString('latin1', 0, 64));
  const type = looksJson ? 'application/json' : 'application/x-www-form-urlencoded';
  const defaults: HeaderLine[] = [
    ['Accept', 'application/json'],
    ['Accept-Encoding', ACCEPT_ENCODING],
    ['User-Agent', `holdopen-doctor/${manifest.version}`],
    ...(body === undefined
      ? []
      : ([
          ['Content-Type', type],
          ['Content-Length', String(body.length)],
        ] as const)),
    ...(origin === undefined ? [] : ([['Origin', origin]] as const)),
  ];
  return [
    ...defaults.filter(([name]) => headerOf(given, name.toLowerCase()) === undefined),
    // As with curl: a name without a value takes the default away.
    ...given.filter(([, value]) => value !== ''),
  ];
}

function bodyOf(data: string): Buffer {
  if (!data.startsWith('@')) return Buffer.from(data);
  try {
    return readFileSync(data.slice(1));
  } catch (error) {
    throw new Error(
      `-d ${data}: ${error instanceof Error ? error.message : error}. For a text that begins with @ put it into a file.`,
    );
  }
}

export function readUrl(text: string): URL {
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  if (!URL.canParse(withScheme)) {
    throw new InvalidArgumentError(
      'It must be an address such as https://api.example.com/reports.',
    );
  }
  const url = new URL(withScheme);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new InvalidArgumentError('Only http:// and https:// are asked.');
  }
  if (url.username !== '' || url.password !== '') {
    throw new InvalidArgumentError(
      "A login in it would be shown in the report: -H 'Authorization: …'.",
    );
  }
  return url;
}

export function readMethod(text: string): string {
  const method = text.toUpperCase();
  if (!/^[A-Z-]+$/.test(method) || method === 'CONNECT') {
    throw new InvalidArgumentError(
      'It must be a method such as POST; CONNECT has no answer to look at.',
    );
  }
  return method;
}

export function readHeader(text: string, before: readonly HeaderLine[] = []): HeaderLine[] {
  const [, name = '', value = ''] = /^([^:]+):\s*(.*)$/s.exec(text) ?? [];
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value.trim());
  } catch {
    throw new InvalidArgumentError("It must be 'Name: value', on one line.");
  }
  return [...before, [name, value.trim()]];
}

const UNITS_MS = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
]);

/** `90`, `90s`, `2m` or `500ms`. */
export function readDuration(text: string): number {
  const [, digits = '', unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? [];
  const ms = Number(digits) * (UNITS_MS.get(unit) ?? 0);
  if (ms <= 0 || ms > 86_400_000) {
    throw new InvalidArgumentError('It must be a time such as 90, 90s, 2m or 500ms, up to 24h.');
  }
  return ms;
}

export function readDurations(text: string, before: readonly number[] = []): number[] {
  return [...before, readDuration(text)];
}

export function readCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 2) {
    throw new InvalidArgumentError('It must be a whole number from 2 on: one beat says nothing.');
  }
  return count;
}

export function readWidth(text: string): number {
  const columns = Number(text);
  if (!Number.isInteger(columns) || columns < 1) {
    throw new InvalidArgumentError('It must be a number of columns; 40 to 120 are used.');
  }
  return columns;
}

export function readOrigin(text: string): string {
  if (!URL.canParse(text) || new URL(text).origin !== text) {
    throw new InvalidArgumentError(
      'It must be an origin such as https://app.example.com, without a path.',
    );
  }
  return text;
}
