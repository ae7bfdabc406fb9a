import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from 'node:http2';
import type { Recorder } from '../recorder.js';
import { readBody } from './body.js';
import type { Line } from './dial.js';
import { codeOf, type Ending, failed, stopped } from './ending.js';
import { codingOf, type HeaderLine, headerOf, type Plan } from './plan.js';

/** They belong to a connection of HTTP/1.1 (RFC 9113 section 8.2.2). */
const OF_A_CONNECTION = new Set([
  'connection',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

/** As many as Node's parser of HTTP/1.1 takes. By default a head of 128 is reset, by us. */
const MAX_HEADERS = 2_000;

/** Asks over HTTP/2 and tells the recorder what comes. Rejects if the request cannot be sent. */
export function askHttp2(
  plan: Plan,
  { socket }: Line,
  recorder: Recorder,
  signal: AbortSignal,
): Promise<Ending> {
  return new Promise((resolve) => {
    let hasHead = false;
    let sessionError: Error | undefined;
    let goaway: number | undefined;
    const session = connect(plan.url.origin, {
      createConnection: () => socket,
      maxHeaderListPairs: MAX_HEADERS,
    });
    const settle = (ending: Ending): void => {
      session.destroy();
      resolve(signal.aborted ? stopped(signal) : ending);
    };
    const unanswered = (): Ending => {
      if (sessionError !== undefined) return failed('no-http2', sessionError);
      // Node's own, for a connection that has gone.
      const isGone = stream.rstCode === constants.NGHTTP2_CANCEL;
      return isGone
        ? failed('closed', new Error('the connection was closed without an answer'))
        : failed('stream-reset', new Error(nameOf(stream.rstCode ?? 0)));
    };
    session.on('error', (error) => {
      sessionError = error;
    });
    session.on('goaway', (code) => {
      goaway = code;
    });

    const stream = requestOn(session, plan);
    const isEnded = watchEnd(stream);
    signal.addEventListener('abort', () => session.destroy(), { once: true });
    stream.on('finish', () => recorder.sent());
    stream.on('headers', (headers) => recorder.interim(Number(headers[':status'])));
    stream.on('response', (headers, _flags) => {
      hasHead = true;
      recorder.raw(Buffer.alloc(0));
      const head = headOf(headers);
      recorder.head(head);
      void readBody(stream, codingOf(head.headers), recorder).then(() => {
        const code = goaway || stream.rstCode;
        const isClean = code === constants.NGHTTP2_NO_ERROR && isEnded();
        if (isClean && sessionError === undefined) settle({ how: 'clean' });
        else settle({ how: 'cut', detail: cutDetail(code, session, sessionError) });
      });
    });
    stream.on('error', (error) => {
      // What came is no HTTP/2: the session says so itself only later.
      if (codeOf(error) === 'ERR_HTTP2_ERROR') sessionError = error;
    });
    stream.on('close', () => hasHead || settle(unanswered()));
    if (plan.body !== undefined) stream.end(plan.body);
  });
}

function requestOn(session: ClientHttp2Session, { method, url, headers, body }: Plan) {
  const fields: Record<string, string | string[]> = {
    ':method': method,
    ':path': `${url.pathname}${url.search}`,
    ':scheme': url.protocol.slice(0, -1),
    ':authority': headerOf(headers, 'host') ?? url.host,
  };
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    if (OF_A_CONNECTION.has(key) || (key === 'te' && value !== 'trailers')) continue;
    const before = fields[key];
    fields[key] = before === undefined ? value : [before, value].flat();
  }
  // By default Node takes it that GET and DELETE have no body.
  return session.request(fields, { endStream: body === undefined });
}

/**
 * Gives whether the server has ended the stream (END_STREAM). Node ends one that was reset with
 * NO_ERROR in the same good order, but closes it before.
 */
function watchEnd(stream: ClientHttp2Stream): () => boolean {
  let isEnded = false;
  const push = stream.push.bind(stream);
  stream.push = (chunk, encoding) => {
    isEnded ||= chunk === null && !stream.closed;
    return push(chunk, encoding);
  };
  return () => isEnded;
}

function headOf(received: IncomingHttpHeaders & IncomingHttpStatusHeader) {
  const headers: HeaderLine[] = [];
  for (const [name, value] of Object.entries(received)) {
    if (name.startsWith(':') || value === undefined) continue;
    for (const one of [value].flat()) headers.push([name, String(one)]);
  }
  return { status: Number(received[':status']), reason: '', httpVersion: '2.0', headers };
}

/** For a connection that is gone Node makes codes of its own, which nobody has sent. */
function cutDetail(code: number, session: ClientHttp2Session, error: Error | undefined): string {
  if (codeOf(error)?.startsWith('E') && !codeOf(error)?.startsWith('ERR_')) {
    return 'the connection was reset';
  }
  if (code === constants.NGHTTP2_CANCEL && session.destroyed) {
    return 'the connection was closed before the body was complete';
  }
  return `${nameOf(code)} came before the end of the body`;
}

/** RFC 9113 section 7, by number. */
const CODES = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
];

function nameOf(code: number): string {
  return CODES[code] ?? `error ${code}`;
}
