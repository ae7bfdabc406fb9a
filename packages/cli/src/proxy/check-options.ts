import { MAX_TIMER_MS } from '@holdopen/core';
import { checkCertificates } from './check-certificates.js';
import { ProxyOptionError } from './errors.js';
import { ACCESS_LOGS, OPTION_NAMES, type ProxyOptions } from './options.js';

const DURATIONS = {
  upstreamConnectMs: 1,
  upstreamIdleMs: 0,
  keepAliveMs: 0,
  headMs: 1,
  requestMs: 0,
  drainMs: 0,
} as const;
const SWITCHES = ['global', 'upstreamInsecure', 'rewriteHost', 'trustForwarded'] as const;
const MIN_HEAD_BYTES = 1_024;
const MAX_HEAD_BYTES = 1_048_576;

/** @throws ProxyOptionError for what cannot be meant so; its message says what to do. */
export function checkOptions(options: ProxyOptions): void {
  if (Object.prototype.toString.call(options) !== '[object Object]') {
    throw new ProxyOptionError(
      'the options must be an object such as { "target": "http://127.0.0.1:8000", "routes": ["POST /v1/*"] }.',
    );
  }
  for (const name of Object.keys(options)) {
    if (OPTION_NAMES.has(name)) continue;
    const hint = HOLD_NAMES.has(name) ? ` Options of holdOpen stand in "hold" or on a route.` : '';
    throw new ProxyOptionError(
      `there is no option ${JSON.stringify(name)}.${hint} There are: ${[...OPTION_NAMES].join(', ')}.`,
    );
  }
  if (options.target === undefined) {
    throw new ProxyOptionError(
      'target is missing: say which server is behind, such as http://127.0.0.1:8000.',
    );
  }
  for (const name of ['listen', 'admin'] as const) {
    const given: unknown = options[name];
    if (given === undefined || typeof given === 'string') continue;
    throw new ProxyOptionError(
      `${name} must be text such as "127.0.0.1:8080"; it was ${JSON.stringify(given)}.`,
    );
  }
  checkRoutes(options.routes);
  checkHold(options.hold);
  checkCertificates(options);
  if (options.global !== true && (options.routes ?? []).length === 0) {
    throw new ProxyOptionError(
      'nothing would be held: name routes, such as "POST /v1/*", or hold globally what asks for nothing but JSON or event streams.',
    );
  }
  for (const [name, least] of Object.entries(DURATIONS)) {
    checkNumber(name, Reflect.get(options, name), least, MAX_TIMER_MS);
  }
  checkNumber('maxHeadBytes', options.maxHeadBytes, MIN_HEAD_BYTES, MAX_HEAD_BYTES);
  for (const name of SWITCHES) {
    const given: unknown = options[name];
    if (given === undefined || typeof given === 'boolean') continue;
    throw new ProxyOptionError(`${name} must be true or false; it was ${JSON.stringify(given)}.`);
  }
  const { accessLog } = options;
  if (accessLog !== undefined && !ACCESS_LOGS.includes(accessLog)) {
    throw new ProxyOptionError(
      `accessLog must be one of ${ACCESS_LOGS.join(', ')}; it was ${JSON.stringify(accessLog)}.`,
    );
  }
}

function checkRoutes(given: unknown): void {
  if (given === undefined) return;
  const isRoutes = Array.isArray(given) && given.every(isRoute);
  if (isRoutes) return;
  throw new ProxyOptionError(
    `routes must be a list such as ["POST /v1/*", { "route": "GET /reports/*", "intervalMs": 4000 }]; it was ${JSON.stringify(given)}.`,
  );
}

/** Before it is spread over others, where text would become letters and `null` nothing. */
export function checkHold(given: unknown): void {
  if (given === undefined || Object.prototype.toString.call(given) === '[object Object]') return;
  throw new ProxyOptionError(
    `hold must be an object of options of holdOpen such as { "intervalMs": 5000 }; it was ${JSON.stringify(given)}.`,
  );
}

function isRoute(given: unknown): boolean {
  if (typeof given === 'string') return true;
  return (
    typeof given === 'object' &&
    given !== null &&
    'route' in given &&
    typeof given.route === 'string'
  );
}

const HOLD_NAMES: ReadonlySet<string> = new Set([
  'intervalMs',
  'firstBeatMs',
  'format',
  'frame',
  'pad',
  'lateError',
  'lateHeaders',
  'maxSilenceMs',
  'onDisconnect',
  'maxHolds',
  'tcpKeepAliveMs',
]);

function checkNumber(name: string, given: unknown, least: number, most: number): void {
  if (given === undefined) return;
  if (typeof given === 'number' && Number.isInteger(given) && given >= least && given <= most)
    return;
  throw new ProxyOptionError(
    `${name} must be a whole number from ${least} to ${most}; it was ${JSON.stringify(given) ?? String(given)}.`,
  );
}
