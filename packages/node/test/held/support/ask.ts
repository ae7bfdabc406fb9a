// One request over any transport, and what came of it.
import { Buffer } from 'node:buffer';
import http2 from 'node:http2';
import type { Served } from './serve.js';
import { until } from './wait.js';

export interface Question {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Reply {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly bytes: Buffer;
  /**
   * `complete`: the protocol says that all came. `cut`: it says that it did not. `closed`: the
   * connection ended, which HTTP/1.0 takes for the end.
   */
  readonly ended: 'complete' | 'cut' | 'closed';
  /** How the connection or stream went: an error's code, RST_STREAM's code, or nothing. */
  readonly error: string | undefined;
  readonly rstCode: number | undefined;
  /** HTTP/1 only: the head as it stands on the wire. */
  readonly head: string;
}

export function ask(served: Served, question: Question = {}): Promise<Reply> {
  return served.transport === 'h2c' || served.transport === 'h2'
    ? askOverHttp2(served.url, question)
    : askHttp1(served, question);
}

/** The request as it stands on the wire. */
export function requestText(question: Question = {}, version = '1.1'): string {
  const { method = 'GET', path = '/', headers = {}, body } = question;
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  if (body !== undefined) lines.push(`Content-Length: ${Buffer.byteLength(body)}\r\n`);
  return `${method} ${path} HTTP/${version}\r\nHost: localhost\r\n${lines.join('')}\r\n${body ?? ''}`;
}

async function askHttp1(served: Served, question: Question): Promise<Reply> {
  const client = await served.connect();
  const old = served.transport === 'HTTP/1.0';
  client.send(requestText(question, old ? '1.0' : '1.1'));
  const response = await client.response();
  client.socket.destroy();
  const delimited = 'content-length' in response.headers || 'transfer-encoding' in response.headers;
  const closed = delimited || client.errorCode !== undefined ? 'cut' : 'closed';
  return {
    ...response,
    ended: response.complete ? 'complete' : closed,
    error: client.errorCode,
    rstCode: undefined,
  };
}

export async function askOverHttp2(url: string, question: Question): Promise<Reply> {
  const { method = 'GET', path = '/', headers = {}, body } = question;
  const session = http2.connect(url, { rejectUnauthorized: false });
  session.on('error', () => {});
  const stream = session.request({ ':method': method, ':path': path, ...headers });
  const chunks: Buffer[] = [];
  let answer: Readonly<Record<string, unknown>> = {};
  let error: string | undefined;
  let over = false;
  stream.on('response', (given) => {
    answer = given;
  });
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('error', (given: NodeJS.ErrnoException) => {
    error = given.code;
  });
  stream.on('close', () => {
    over = true;
  });
  stream.end(body);
  await until('the stream is over', () => over);
  const { rstCode } = stream;
  session.destroy();
  const bytes = Buffer.concat(chunks);
  return {
    status: Number(answer[':status']),
    headers: Object.fromEntries(
      Object.entries(answer).map(([name, value]) => [name, String(value)]),
    ),
    body: bytes.toString(),
    bytes,
    ended: rstCode === 0 && error === undefined ? 'complete' : 'cut',
    error,
    rstCode,
    head: '',
  };
}
