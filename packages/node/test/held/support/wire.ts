// A client that shows what really stands on the wire.
import { Buffer } from 'node:buffer';
import net from 'node:net';
import tls from 'node:tls';
import { until } from './wait.js';

export interface Place {
  readonly port: number;
  /** Of a unix socket. */
  readonly path?: string | undefined;
  readonly tls: boolean;
}

export interface RawResponse {
  readonly head: string;
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Without the framing. */
  readonly body: string;
  readonly bytes: Buffer;
  /** The framing says that all of it came. */
  readonly complete: boolean;
  /** What stands behind it on the connection. */
  readonly rest: Buffer;
}

export class RawClient {
  readonly socket: net.Socket;
  readonly arrivals: { readonly atMs: number; readonly bytes: Buffer }[] = [];
  errorCode: string | undefined;
  closedAtMs: number | undefined;

  constructor(socket: net.Socket) {
    this.socket = socket;
    socket.on('data', (bytes: Buffer) => {
      this.arrivals.push({ atMs: performance.now(), bytes });
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.errorCode = error.code ?? error.message;
    });
    socket.on('close', () => {
      this.closedAtMs = performance.now();
    });
  }

  get received(): Buffer {
    return Buffer.concat(this.arrivals.map(({ bytes }) => bytes));
  }

  get text(): string {
    return this.received.toString();
  }

  get closed(): boolean {
    return this.closedAtMs !== undefined;
  }

  send(data: string | Uint8Array): void {
    this.socket.write(data);
  }

  async arrived(text: string): Promise<void> {
    await until(`${JSON.stringify(text)} arrives after ${JSON.stringify(this.text)}`, () =>
      this.text.includes(text),
    );
  }

  async close(): Promise<void> {
    await until('the connection closes', () => this.closed);
  }

  /** The first response, when it is complete or the connection has closed. */
  async response(): Promise<RawResponse> {
    await until(
      'the response is over',
      () => this.closed || readResponse(this.received)?.complete === true,
    );
    const response = readResponse(this.received);
    if (response === undefined) throw new Error(`no response in ${JSON.stringify(this.text)}`);
    return response;
  }
}

export function connect(place: Place): Promise<RawClient> {
  return new Promise((resolve, reject) => {
    const target =
      place.path === undefined ? { port: place.port, host: '127.0.0.1' } : { path: place.path };
    const socket: net.Socket = place.tls
      ? tls.connect({ ...target, rejectUnauthorized: false }, () => resolve(client))
      : net.connect(target, () => resolve(client));
    socket.once('error', reject);
    const client = new RawClient(socket);
  });
}

/** Reads a response from the start of what came; `undefined` while its head is not whole. */
export function readResponse(received: Buffer): RawResponse | undefined {
  const headEnd = received.indexOf('\r\n\r\n');
  if (headEnd === -1) return undefined;
  const head = received.subarray(0, headEnd).toString('latin1');
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    const present = headers[name];
    headers[name] = present === undefined ? value : `${present}, ${value}`;
  }
  const framed = received.subarray(headEnd + 4);
  const body = readBody(framed, headers);
  return {
    head,
    status: Number(statusLine.split(' ')[1]),
    headers,
    body: body.bytes.toString(),
    ...body,
  };
}

function readBody(
  framed: Buffer,
  headers: Readonly<Record<string, string>>,
): Pick<RawResponse, 'bytes' | 'complete' | 'rest'> {
  const length = headers['content-length'];
  if (headers['transfer-encoding'] === 'chunked') return readChunks(framed);
  if (length === undefined) return { bytes: framed, complete: false, rest: Buffer.alloc(0) };
  const size = Number(length);
  return {
    bytes: framed.subarray(0, size),
    complete: framed.length >= size,
    rest: framed.subarray(size),
  };
}

function readChunks(framed: Buffer): Pick<RawResponse, 'bytes' | 'complete' | 'rest'> {
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
