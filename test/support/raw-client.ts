// A client of HTTP/1 that shows what really stands on the wire.
import { Buffer } from 'node:buffer';
import net from 'node:net';
import { until } from './until.js';

export interface RawResponse {
  readonly head: string;
  readonly status: number;
  /** Lower-case names; lines of one name are joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
  /** Without the framing. */
  readonly bytes: Buffer;
  /** The framing says that all of it came. */
  readonly complete: boolean;
  /** What stands behind it on the connection. */
  readonly rest: Buffer;
}

export class RawClient {
  readonly socket: net.Socket;
  readonly #chunks: Buffer[] = [];
  errorCode: string | undefined;
  closed = false;

  constructor(socket: net.Socket) {
    this.socket = socket;
    socket.on('data', (bytes: Buffer) => this.#chunks.push(bytes));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.errorCode = error.code ?? error.message;
    });
    socket.on('close', () => {
      this.closed = true;
    });
    // libuv reports a reset as a regular end if it finds it together with the last bytes, as happens
    // where a client is busy. A write tells them apart: after a reset it fails at once.
    socket.on('end', () => {
      socket.write('.', (error?: NodeJS.ErrnoException | null) => {
        if (error) this.errorCode ??= error.code ?? error.message;
        socket.destroy();
      });
    });
  }

  get received(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  get text(): string {
    return this.received.toString();
  }

  send(data: string | Uint8Array): void {
    this.socket.write(data);
  }

  /** In any case: not all servers write the names of headers as they were given. */
  async arrived(text: string): Promise<void> {
    await until(
      () => `${JSON.stringify(text)} arrives behind ${JSON.stringify(this.text)}`,
      () => this.text.toLowerCase().includes(text.toLowerCase()),
    );
  }

  /** The response that begins at `offset`, when it is complete or the connection has closed. */
  async response(method = 'GET', offset = 0): Promise<RawResponse> {
    const read = () => readResponse(this.received.subarray(offset), method);
    await until(
      () => `the response is over: ${JSON.stringify(this.text)}`,
      () => this.closed || read()?.complete === true,
    );
    const response = read();
    if (response === undefined) {
      throw new Error(`no response: ${JSON.stringify(this.text)} ${this.errorCode ?? ''}`);
    }
    return response;
  }
}

export function connect(port: number): Promise<RawClient> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () =>
      resolve(client),
    );
    socket.once('error', reject);
    const client = new RawClient(socket);
  });
}

/** Reads a response from the start of what came; `undefined` while its head is not whole. */
export function readResponse(received: Buffer, method = 'GET'): RawResponse | undefined {
  const headEnd = received.indexOf('\r\n\r\n');
  if (headEnd === -1) return undefined;
  const head = received.subarray(0, headEnd).toString('latin1');
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers: Record<string, string> = {};
  const cookies: string[] = [];
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === 'set-cookie') cookies.push(value);
    const present = headers[name];
    headers[name] = present === undefined ? value : `${present}, ${value}`;
  }
  const status = Number(statusLine.split(' ')[1]);
  const framed = received.subarray(headEnd + 4);
  const bodiless = method === 'HEAD' || status < 200 || status === 204 || status === 304;
  const body = bodiless
    ? { bytes: Buffer.alloc(0), complete: true, rest: framed }
    : readBody(framed, headers);
  return { head, status, headers, cookies, ...body };
}

type Body = Pick<RawResponse, 'bytes' | 'complete' | 'rest'>;

function readBody(framed: Buffer, headers: Readonly<Record<string, string>>): Body {
  const length = headers['content-length'];
  if (headers['transfer-encoding']?.toLowerCase() === 'chunked') return readChunks(framed);
  if (length === undefined) return { bytes: framed, complete: false, rest: Buffer.alloc(0) };
  const size = Number(length);
  return {
    bytes: framed.subarray(0, size),
    complete: framed.length >= size,
    rest: framed.subarray(size),
  };
}

function readChunks(framed: Buffer): Body {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = framed.indexOf('\r\n', at);
    if (lineEnd === -1) break;
    const line = framed.subarray(at, lineEnd).toString('latin1');
    if (!/^[0-9a-f]+$/i.test(line)) throw new Error(`no chunk size: ${JSON.stringify(line)}`);
    const size = Number.parseInt(line, 16);
    const start = lineEnd + 2;
    if (size === 0) {
      const end = framed.indexOf('\r\n', start);
      if (end === -1) break;
      return { bytes: Buffer.concat(parts), complete: true, rest: framed.subarray(end + 2) };
    }
    parts.push(framed.subarray(start, start + size));
    if (framed.length < start + size + 2) break;
    if (framed.subarray(start + size, start + size + 2).toString() !== '\r\n') {
      throw new Error('a chunk does not end where it should');
    }
    at = start + size + 2;
  }
  return { bytes: Buffer.concat(parts), complete: false, rest: Buffer.alloc(0) };
}
