import net, { type AddressInfo, type Socket } from 'node:net';

export interface RawRequest {
  readonly head: string;
  readonly body: string;
  /** From 1. */
  readonly count: number;
}

export type RawAnswer = (socket: Socket, request: RawRequest) => void;

/** A server that says whatever a test wants it to, byte for byte. */
export class RawServer implements AsyncDisposable {
  readonly requests: RawRequest[] = [];
  connections = 0;
  readonly #server: net.Server;
  readonly #sockets = new Set<Socket>();
  /** That have not brought a request. */
  readonly #unused = new Set<Socket>();

  private constructor(answer: RawAnswer) {
    this.#server = net.createServer({ noDelay: true }, (socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      this.#unused.add(socket);
      socket.on('error', () => {});
      let text = '';
      socket.on('data', (bytes) => {
        text += bytes.toString('latin1');
        for (let taken = takeRequest(text); taken !== undefined; taken = takeRequest(text)) {
          text = taken.rest;
          this.#unused.delete(socket);
          const request = { ...taken.request, count: this.requests.length + 1 };
          this.requests.push(request);
          answer(socket, request);
        }
      });
    });
  }

  static async start(answer: RawAnswer): Promise<RawServer> {
    const server = new RawServer(answer);
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** Closes what was connected in advance, as browsers do. */
  dropUnused(): void {
    for (const socket of this.#unused) socket.destroy();
    this.#unused.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function takeRequest(text: string) {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const head = text.slice(0, end);
  const rest = text.slice(end + 4);
  const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
  if (rest.length < length) return undefined;
  return { request: { head, body: rest.slice(0, length) }, rest: rest.slice(length) };
}

export interface Head {
  readonly status?: number;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A head with a chunked body behind it. */
export function chunkedHead({
  status = 200,
  type = 'application/json',
  headers = {},
}: Head = {}): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} X\r\nContent-Type: ${type}\r\nTransfer-Encoding: chunked\r\n${lines.join('')}\r\n`;
}

export function chunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}

export const END = '0\r\n\r\n';

export const HELD = { headers: { HoldOpen: 'interval=50, format=json' } };

/** A whole answer with a length. */
export function plain(
  body: string,
  { status = 200, type = 'text/plain', headers = {} }: Head = {},
): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} X\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${lines.join('')}\r\n${body}`;
}
