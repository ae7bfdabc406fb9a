// A client that looks on while the answer comes, and may leave.
import { Buffer } from 'node:buffer';
import http2 from 'node:http2';
import { onTestFinished } from 'vitest';
import { type Question, requestText } from '../../held/support/ask.js';
import type { Served } from '../../held/support/serve.js';
import { until } from '../../held/support/wait.js';
import { readResponse } from '../../held/support/wire.js';

export interface Client {
  /** What came of the body, without the framing. */
  readonly body: () => string;
  /** Empty before there is a head; lower-case names. */
  readonly headers: () => Readonly<Record<string, string>>;
  arrived(text: string): Promise<void>;
  leave(): void;
}

export async function begin(served: Served, question: Question): Promise<Client> {
  const client = await (served.transport === 'h2c' ? overHttp2 : overHttp1)(served, question);
  const arrived = (part: string): Promise<void> =>
    until(`${JSON.stringify(part)} arrives`, () => client.body().includes(part));
  return { ...client, arrived };
}

type Looker = Omit<Client, 'arrived'>;

async function overHttp1(served: Served, question: Question): Promise<Looker> {
  const client = await served.connect();
  client.send(requestText(question));
  const response = () => readResponse(client.received);
  return {
    body: () => response()?.body ?? '',
    headers: () => response()?.headers ?? {},
    leave: () => void client.socket.destroy(),
  };
}

async function overHttp2(
  { url }: Served,
  { method = 'GET', path = '/', headers = {}, body }: Question,
): Promise<Looker> {
  const session = http2.connect(url);
  session.on('error', () => {});
  onTestFinished(() => session.destroy());
  const stream = session.request({ ':method': method, ':path': path, ...headers });
  const chunks: Buffer[] = [];
  let head: Record<string, string> = {};
  stream.on('response', (given) => {
    head = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, String(value)]));
  });
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('error', () => {});
  stream.end(body);
  return {
    body: () => Buffer.concat(chunks).toString(),
    headers: () => head,
    leave: () => session.destroy(),
  };
}
