// A client that looks on while the answer comes, and may leave.
import http2 from 'node:http2';
import { type Question, requestText } from '../../../node/test/held/support/ask.js';
import { until } from '../../../node/test/held/support/wait.js';
import type { FetchApp } from '../../src/index.js';
import { receive, requestOf, serveApp, type Way } from './ways.js';

export interface Client {
  /** All that came, over HTTP/1 with its head and framing. */
  readonly text: () => string;
  arrived(text: string): Promise<void>;
  leave(): void;
}

export async function begin(way: Way, app: FetchApp, question: Question = {}): Promise<Client> {
  const { text, leave } = await beginners[way](app, question);
  const arrived = (part: string): Promise<void> =>
    until(`${part} arrives`, () => text().includes(part));
  return { text, leave, arrived };
}

type Beginner = (app: FetchApp, question: Question) => Promise<Omit<Client, 'arrived'>>;

const beginners: Record<Way, Beginner> = {
  async node(app, question) {
    const client = await (await serveApp(app)).connect();
    client.send(requestText(question));
    return { text: () => client.text, leave: () => void client.socket.destroy() };
  },

  async http2(app, { method = 'GET', path = '/', headers = {} }) {
    const session = http2.connect((await serveApp(app, 'http2')).url);
    session.on('error', () => {});
    const stream = session.request({ ':method': method, ':path': path, ...headers });
    let text = '';
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    stream.on('error', () => {});
    return { text: () => text, leave: () => session.destroy() };
  },

  async fetch(app, question) {
    let text = '';
    const reader: Promise<ReadableStreamDefaultReader<Uint8Array> | undefined> = Promise.resolve(
      app.fetch(requestOf(question)),
    ).then((response) => response.body?.getReader());
    void reader.then(async (body) => {
      for (;;) {
        const { done, value } = (await body?.read()) ?? { done: true };
        if (done || value === undefined) return;
        text += new TextDecoder().decode(value);
      }
    });
    return {
      text: () => text,
      leave: () => void reader.then((body) => body?.cancel()),
    };
  },
};

/** Asks for many paths at once, and gives what came for each. */
export async function askAll(way: Way, app: FetchApp, paths: readonly string[]): Promise<string[]> {
  if (way === 'fetch') {
    return Promise.all(
      paths.map(async (path) => (await receive(await app.fetch(requestOf({ path })))).body),
    );
  }
  const served = await serveApp(app, way);
  if (way === 'node') {
    return Promise.all(paths.map(async (path) => (await fetch(served.url + path)).text()));
  }
  const session = http2.connect(served.url);
  const bodies = paths.map(async (path) => {
    let body = '';
    const stream = session.request({ ':path': path });
    for await (const chunk of stream) body += String(chunk);
    return body;
  });
  const all = await Promise.all(bodies);
  session.destroy();
  return all;
}
