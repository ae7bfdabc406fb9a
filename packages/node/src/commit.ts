import type { IncomingMessage } from 'node:http';
import {
  announcement,
  type BeatFormat,
  exposedNames,
  HELD_CACHE_CONTROL,
  HIDDEN_AT_COMMIT,
  REMOVED_AT_COMMIT,
} from '@holdopen/core';
import type { PreparedHeader } from './framework.js';
import { type HeldResponse, http2Stream } from './message.js';

/** What the handler had prepared when its head was taken from it. */
export interface PreparedHead {
  readonly statusCode: number;
  readonly statusMessage: string | undefined;
  /** The response's own, names as the handler wrote them. */
  readonly headers: readonly PreparedHeader[];
  /** Those and the framework's, which have left, too, but which the response has never seen. */
  readonly sent: readonly PreparedHeader[];
}

/**
 * Sends the head in the handler's place: 200, whatever the handler has set so far, and what the way
 * to the client must know. Goes through the outermost `writeHead`, so that whoever listens for the
 * head (a session with its cookie) has its say.
 */
export function commitHead(
  req: IncomingMessage,
  res: HeldResponse,
  format: BeatFormat,
  intervalMs: number,
  framework: Iterable<PreparedHeader>,
): PreparedHead {
  const own = takeHead(res);
  for (const [name, value] of framework) res.setHeader(name, value);
  const bare = res.getHeaderNames().length === 0;
  const prepared = bare ? own : { ...own, sent: headersOf(res) };
  const hidden = hideFromFramework(req);
  // Without the header every coding would be acceptable (RFC 9110 section 12.5.3).
  req.headers['accept-encoding'] = 'identity';
  try {
    if (bare) sendBareHead(res, format, intervalMs);
    else sendHead(req, res, format, intervalMs);
  } catch (error) {
    // A listener for the head threw: everything is as the handler had it.
    delete req.headers['accept-encoding'];
    Object.assign(req.headers, hidden);
    restoreHead(res, prepared);
    throw error;
  }
  restoreStatus(res, prepared);
  const { statusCode, statusMessage } = prepared;
  return bare && statusCode === 200 && statusMessage === undefined ? NOTHING_SET : prepared;
}

function sendHead(
  req: IncomingMessage,
  res: HeldResponse,
  format: BeatFormat,
  intervalMs: number,
): void {
  for (const name of REMOVED_AT_COMMIT) res.removeHeader(name);
  if (!res.hasHeader('content-type')) res.setHeader('Content-Type', format.contentType);
  res.setHeader('Cache-Control', HELD_CACHE_CONTROL);
  res.setHeader('X-Accel-Buffering', 'no');
  res.setHeader('HoldOpen', announcement(format, intervalMs));
  if (isForAnotherOrigin(req, res)) exposeHeader(res, 'HoldOpen');
  res.writeHead(200);
  sendHeadNow(res);
}

/** The handler has set nothing: the head goes out without being kept, which saves memory. */
function sendBareHead(res: HeldResponse, format: BeatFormat, intervalMs: number): void {
  res.writeHead(200, {
    'Content-Type': format.contentType,
    'Cache-Control': HELD_CACHE_CONTROL,
    'X-Accel-Buffering': 'no',
    HoldOpen: announcement(format, intervalMs),
  });
  sendHeadNow(res);
}

/**
 * Newer versions of Node gather writes until the next tick and only then ask for the head, when the
 * handler's virtual one is in its place. The socket is corked so that it still shares a packet with
 * the first beat.
 */
function sendHeadNow(res: HeldResponse): void {
  const { socket } = res;
  if (http2Stream(res) !== undefined || socket === null) {
    res.flushHeaders();
    return;
  }
  socket.cork();
  res.flushHeaders();
  process.nextTick(() => socket.uncork());
}

const NOTHING_SET: PreparedHead = {
  statusCode: 200,
  statusMessage: undefined,
  headers: [],
  sent: [],
};

/** Gives what was hidden. */
function hideFromFramework(req: IncomingMessage): IncomingMessage['headers'] | undefined {
  let hidden: IncomingMessage['headers'] | undefined;
  for (const name of HIDDEN_AT_COMMIT) {
    if (!(name in req.headers)) continue;
    hidden ??= {};
    hidden[name] = req.headers[name];
    delete req.headers[name];
  }
  return hidden;
}

/** The head could not be sent. */
function restoreHead(res: HeldResponse, prepared: PreparedHead): void {
  if (!res.headersSent) {
    for (const name of res.getHeaderNames()) res.removeHeader(name);
    for (const [name, value] of prepared.headers) res.setHeader(name, value);
  }
  restoreStatus(res, prepared);
}

function restoreStatus(res: HeldResponse, prepared: PreparedHead): void {
  res.statusCode = prepared.statusCode;
  if (http2Stream(res) === undefined) res.statusMessage = prepared.statusMessage as string;
}

/** Answers 503 in the handler's place, for a server that shuts down. */
export function refuse(res: HeldResponse, retryAfterSeconds: number): PreparedHead {
  const prepared = takeHead(res);
  for (const name of [...REMOVED_AT_COMMIT, 'content-type']) res.removeHeader(name);
  res.statusCode = 503;
  res.setHeader('Retry-After', String(retryAfterSeconds));
  if (http2Stream(res) === undefined) res.setHeader('Connection', 'close');
  try {
    res.end();
  } catch (error) {
    restoreHead(res, prepared);
    throw error;
  }
  return prepared;
}

function takeHead(res: HeldResponse): PreparedHead {
  const http2 = http2Stream(res) !== undefined;
  const headers = headersOf(res);
  const prepared = {
    statusCode: res.statusCode,
    statusMessage: http2 ? undefined : res.statusMessage,
    headers,
    sent: headers,
  };
  // HTTP/1 would send the reason phrase of the status that is not sent.
  if (!http2) res.statusMessage = undefined as unknown as string;
  return prepared;
}

/** The headers that are set on a response, names as they were written. */
export function headersOf(res: HeldResponse): PreparedHeader[] {
  const names = res.getRawHeaderNames?.() ?? res.getHeaderNames();
  return names.map((name) => [name, ownCopy(res.getHeader(name) ?? '')]);
}

/** Middleware pushes into the very array that the response keeps. */
function ownCopy(value: PreparedHeader[1]): PreparedHeader[1] {
  return Array.isArray(value) ? [...value] : value;
}

/** A page of another origin reads the answer, so it sees only headers that are exposed to it. */
export function isForAnotherOrigin(
  req: IncomingMessage,
  res: Pick<HeldResponse, 'hasHeader'>,
): boolean {
  const { origin, host } = req.headers;
  if (origin === undefined || !res.hasHeader('access-control-allow-origin')) return false;
  const authority = host ?? req.headers[':authority'];
  return !URL.canParse(origin) || new URL(origin).host !== authority;
}

const EXPOSE = 'Access-Control-Expose-Headers';

function exposeHeader(res: HeldResponse, name: string): void {
  const present = res.getHeader(EXPOSE);
  if (exposedNames(present).has(name.toLowerCase())) return;
  const list = Array.isArray(present) ? present.join(', ') : present;
  res.setHeader(EXPOSE, list === undefined || list === '' ? name : `${list}, ${name}`);
}
