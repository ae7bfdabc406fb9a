import { type IncomingMessage, request } from 'node:http';
import type { Recorder } from '../recorder.js';
import { readBody } from './body.js';
import type { Line } from './dial.js';
import { codeOf, type Ending, failed, stopped } from './ending.js';
import { codingOf, type HeaderLine, headerOf, type Plan } from './plan.js';

/** More than this is no head of any server that means well. */
const MAX_HEAD_BYTES = 64 * 1024;

/** Asks over HTTP/1.1 and tells the recorder what comes. Rejects if the request cannot be sent. */
export function askHttp1(
  plan: Plan,
  { socket }: Line,
  recorder: Recorder,
  signal: AbortSignal,
): Promise<Ending> {
  return new Promise((resolve) => {
    let isFin = false;
    let parserError: Error | undefined;
    let hasHead = false;
    const settle = (ending: Ending): void => {
      resolve(signal.aborted ? stopped(signal) : ending);
    };

    const outgoing = request({
      createConnection: () => socket,
      method: plan.method,
      path: `${plan.url.pathname}${plan.url.search}`,
      headers: withHost(plan).flat(),
      maxHeaderSize: MAX_HEAD_BYTES,
      setHost: false,
    });
    // Behind the parser's own listener: what it cannot read is shown.
    socket.on('data', (bytes: Buffer) => recorder.raw(bytes));
    socket.once('end', () => {
      isFin = true;
    });
    signal.addEventListener('abort', () => socket.destroy(), { once: true });

    outgoing.on('finish', () => recorder.sent());
    outgoing.on('information', ({ statusCode }) => recorder.interim(statusCode));
    outgoing.on('upgrade', (response: IncomingMessage) => {
      recorder.head(headOf(response));
      settle({ how: 'clean' });
    });
    outgoing.on('response', (response: IncomingMessage) => {
      hasHead = true;
      const head = headOf(response);
      recorder.head(head);
      void readBody(response, codingOf(head.headers), recorder).then(() => {
        if (response.complete && parserError === undefined) settle({ how: 'clean' });
        else settle({ how: 'cut', detail: cutDetail(parserError, isFin) });
      });
    });
    outgoing.on('error', (error) => {
      if (hasHead) parserError = error;
      else settle(failed(codeOf(error)?.startsWith('HPE_') ? 'no-http' : 'closed', error));
    });
    outgoing.end(plan.body);
  });
}

function withHost({ headers, url }: Plan): HeaderLine[] {
  const host: HeaderLine[] = headerOf(headers, 'host') === undefined ? [['Host', url.host]] : [];
  // Without it Node asks to close, which some hops take as leave to end a body without saying so.
  const connection: HeaderLine[] =
    headerOf(headers, 'connection') === undefined ? [['Connection', 'keep-alive']] : [];
  return [...host, ...headers, ...connection];
}

function headOf(response: IncomingMessage) {
  const { rawHeaders, statusCode = 0, statusMessage = '', httpVersion } = response;
  const headers: HeaderLine[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    headers.push([rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '']);
  }
  return { status: statusCode, reason: statusMessage, httpVersion, headers };
}

function cutDetail(parserError: Error | undefined, isFin: boolean): string {
  if (codeOf(parserError)?.startsWith('HPE_')) {
    return `its framing is broken (${parserError?.message})`;
  }
  return isFin
    ? 'the connection was closed before the body was complete'
    : 'the connection was reset';
}
