// One request over any version of HTTP, while it is going on and when it is over.
import { Buffer } from 'node:buffer';
import http2 from 'node:http2';
import net from 'node:net';
import {
  connect,
  type RawClient,
  type RawResponse,
  readResponse,
} from '../../support/raw-client.js';
import { until } from '../../support/until.js';

export type Protocol = 'HTTP/1.0' | 'HTTP/1.1' | 'HTTP/2';

export interface Question {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The body comes by `send`, and its length stands in a header. */
  readonly bodyFollows?: boolean;
}

export interface Reply {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
  readonly body: string;
  readonly bytes: Buffer;
  /** `complete`: the protocol says that all came; `cut`: it says, or lets one see, that it did not. */
  readonly ended: 'complete' | 'cut';
  /** The head as it stands on the wire; for HTTP/2 its fields in their order. */
  readonly head: string;
}

/** A request that is under way. */
export interface Exchange {
  /** All that has come so far. */
  readonly text: string;
  /** The body as far as it has come, without framing. */
  readonly bytes: Buffer;
  arrived(text: string): Promise<void>;
  reply(): Promise<Reply>;
  /** The client goes. */
  leave(): void;
  pause(): void;
  resume(): void;
  /** More of the request's body. */
  send(data: string): void;
  /** The request's body is whole. */
  finish(): void;
}

/** The request as it stands on the wire. */
export function requestText(host: string, question: Question, protocol: Protocol): string {
  const { method = 'GET', path = '/', headers = {}, body } = question;
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  if (body !== undefined) lines.push(`Content-Length: ${Buffer.byteLength(body)}\r\n`);
  return `${method} ${path} ${protocol}\r\nHost: ${host}\r\n${lines.join('')}\r\n${body ?? ''}`;
}

export async function openHttp1(
  port: number,
  host: string,
  question: Question,
  protocol: Protocol,
): Promise<Exchange> {
  const client = await connect(port);
  client.send(requestText(host, question, protocol));
  return {
    get text() {
      return client.text;
    },
    get bytes() {
      return readResponse(client.received)?.bytes ?? Buffer.alloc(0);
    },
    arrived: (text) => client.arrived(text),
    reply: async () => {
      const response = await client.response(question.method);
      client.socket.destroy();
      return replyOf(client, response, protocol);
    },
    leave: () => client.socket.destroy(),
    pause: () => client.socket.pause(),
    resume: () => client.socket.resume(),
    send: (data) => client.send(data),
    finish() {},
  };
}

function replyOf(client: RawClient, response: RawResponse, protocol: Protocol): Reply {
  const { status, headers, cookies, bytes, head, complete, rest } = response;
  if (rest.length > 0) {
    throw new Error(`something stands behind the end: ${JSON.stringify(rest.toString())}`);
  }
  const framed = 'content-length' in headers || 'transfer-encoding' in headers;
  // Without framing the close is the end, and only a reset tells that it is none.
  const closed = !framed && protocol === 'HTTP/1.0' && client.errorCode === undefined;
  return {
    status,
    headers,
    cookies,
    body: bytes.toString(),
    bytes,
    ended: complete || closed ? 'complete' : 'cut',
    head,
  };
}

export function openHttp2(port: number, host: string, question: Question): Exchange {
  const { method = 'GET', path = '/', headers = {}, body } = question;
  // Its end is the end of the connection: on a GOAWAY, which `session.destroy()` would send, Deno's
  // node:http2 sometimes ends the process (an assertion of nghttp2).
  const socket = net.connect({ port, host: '127.0.0.1' });
  const session = http2.connect('http://127.0.0.1', { createConnection: () => socket });
  session.on('error', () => {});
  const stream = session.request(
    { ...lowerCase(headers), ':method': method, ':path': path, ':authority': host },
    { endStream: body === undefined && question.bodyFollows !== true },
  );
  const chunks: Buffer[] = [];
  let head: http2.IncomingHttpHeaders = {};
  let raw: readonly string[] = [];
  let failed = false;
  let over = false;
  stream.on('response', (given, _flags, rawHeaders?: string[]) => {
    head = given;
    raw = rawHeaders ?? [];
  });
  stream.on('data', (bytes: Buffer) => chunks.push(bytes));
  stream.on('error', () => {
    failed = true;
  });
  stream.on('close', () => {
    over = true;
  });
  if (body !== undefined) stream.end(body);
  const received = (): Buffer => Buffer.concat(chunks);
  const text = (): string => headText(head, raw) + received().toString();
  return {
    get text() {
      return text();
    },
    get bytes() {
      return received();
    },
    arrived: (part) =>
      until(
        () => `${JSON.stringify(part)} arrives behind ${JSON.stringify(text())}`,
        () => text().toLowerCase().includes(part.toLowerCase()),
      ),
    reply: async () => {
      await until(
        () => `the stream is over: ${JSON.stringify(text())}`,
        () => over,
      );
      socket.destroy();
      const bytes = received();
      return {
        status: Number(head[':status']),
        headers: Object.fromEntries(
          Object.entries(head).map(([name, value]) => [name, String(value)]),
        ),
        cookies: head['set-cookie'] ?? [],
        body: bytes.toString(),
        bytes,
        ended: stream.rstCode === 0 && !failed ? 'complete' : 'cut',
        head: headText(head, raw),
      };
    },
    leave: () => {
      stream.close(http2.constants.NGHTTP2_CANCEL, () => socket.destroy());
    },
    pause: () => void stream.pause(),
    resume: () => void stream.resume(),
    send: (data) => void stream.write(data),
    finish: () => void stream.end(),
  };
}

function headText(head: http2.IncomingHttpHeaders, raw: readonly string[]): string {
  const pairs: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) pairs.push(`${raw[i]}: ${raw[i + 1]}`);
  if (raw.length === 0)
    for (const [name, value] of Object.entries(head)) pairs.push(`${name}: ${value}`);
  return pairs.length === 0 ? '' : `${pairs.join('\r\n')}\r\n\r\n`;
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers)
      .map(([name, value]) => [name.toLowerCase(), value] as const)
      .filter(([name]) => name !== 'connection'),
  );
}
