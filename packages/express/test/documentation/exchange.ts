import { Buffer } from 'node:buffer';
import { type Question, requestText, type Served } from '../support/index.js';

/** Asks, and gives all that came on the connection, the date apart. */
export async function exchange(served: Served, question: Question): Promise<Buffer> {
  const client = await served.connect();
  const headers = { ...question.headers, Connection: 'close' };
  client.send(requestText({ ...question, headers }));
  await client.close();
  return withoutDate(client.received);
}

/** The bytes as they came, so that a difference in any of them shows. */
export function shown(received: Buffer): string {
  return received.toString('latin1');
}

function withoutDate(received: Buffer): Buffer {
  const text = received.toString('latin1');
  return Buffer.from(text.replace(/^Date: [^\r]*\r\n/m, ''), 'latin1');
}

/** One line, for titles and journals. */
export function line({ method = 'GET', path = '/', headers = {}, body }: Question): string {
  const names = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [method, path, ...names, body === undefined ? '' : `(${body.length} bytes)`]
    .filter((part) => part !== '')
    .join(' ');
}
