// A client that shows what stands on the wire.
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface RawAnswer {
  /** Everything that came, but for the date. */
  readonly text: string;
  readonly status: number;
  readonly head: string;
  /** Without its chunks. */
  readonly body: string;
  /** The last chunk came. */
  readonly complete: boolean;
}

const PATIENCE_MS = 10_000;

export async function until(what: string, condition: () => boolean | Promise<boolean>) {
  const start = performance.now();
  while (!(await condition())) {
    if (performance.now() - start > PATIENCE_MS) throw new Error(`waited in vain until ${what}`);
    await sleep(5);
  }
}

export interface Question {
  readonly method?: string;
  readonly accept?: string;
  readonly origin?: string;
  readonly body?: string;
}

/** Sends a request; what comes back can be looked at while it comes. */
export function open(port: number, path: string, question: Question = {}) {
  const { method = 'GET', accept, origin, body } = question;
  const lines = [
    `${method} ${path} HTTP/1.1`,
    'Host: localhost',
    'Connection: close',
    ...(accept === undefined ? [] : [`Accept: ${accept}`]),
    ...(origin === undefined ? [] : [`Origin: ${origin}`]),
    ...(body === undefined
      ? []
      : ['Content-Type: application/json', `Content-Length: ${body.length}`]),
  ];
  const socket = net.connect(port, '127.0.0.1');
  const client = { socket, text: '', closed: false };
  socket.on('data', (bytes: Buffer) => {
    client.text += bytes.toString();
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    client.closed = true;
  });
  socket.write(`${lines.join('\r\n')}\r\n\r\n${body ?? ''}`);
  return client;
}

/** The whole answer. */
export async function ask(port: number, path: string, question?: Question): Promise<RawAnswer> {
  const client = open(port, path, question);
  // Some frameworks ask for a connection that stays.
  await until(`${path} is answered`, () => client.closed || client.text.endsWith('\r\n0\r\n\r\n'));
  client.socket.destroy();
  const text = client.text.replace(/^date: .*$/im, 'Date: now');
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const framed = rest.join('\r\n\r\n');
  const chunked = /^transfer-encoding: chunked$/im.test(head);
  return {
    text,
    head,
    status: Number(head.split(' ')[1]),
    body: chunked ? unchunked(framed) : framed,
    complete: !chunked || framed.endsWith('0\r\n\r\n'),
  };
}

function unchunked(framed: string): string {
  const bytes = Buffer.from(framed);
  let body = '';
  for (let at = 0; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd === -1) return body;
    const start = lineEnd + 2;
    const end = start + Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    if (start === end) return body;
    body += bytes.toString('utf8', start, end);
    at = end + 2;
  }
}
