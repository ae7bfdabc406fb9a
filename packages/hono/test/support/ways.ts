// An app is asked in the same words, however it is served.
import { Buffer } from 'node:buffer';
import http2 from 'node:http2';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { onTestFinished } from 'vitest';
import { ask as askServer, type Question } from '../../../node/test/held/support/ask.js';
import type { Served } from '../../../node/test/held/support/serve.js';
import { connect } from '../../../node/test/held/support/wire.js';
import type { FetchApp } from '../../src/index.js';

/** `node`: @hono/node-server on `node:http`. `http2`: the same on `node:http2`. `fetch`: no server. */
export type Way = 'node' | 'http2' | 'fetch';

export interface Reply {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly ended: 'complete' | 'cut';
}

/** Short enough for tests, long enough for a machine that is busy. */
export const QUICK = { firstBeatMs: 20, intervalMs: 60 } as const;

/** Asks an app once, and stops its server when the test is over. */
export async function ask(way: Way, app: FetchApp, question: Question = {}): Promise<Reply> {
  if (way === 'fetch') return askDirectly(app, question);
  const { headers = {} } = question;
  // So that the end of a response without a length and without a body can be seen.
  const last = way === 'node' ? { ...headers, Connection: 'close' } : headers;
  const reply = await askServer(await serveApp(app, way), { ...question, headers: last });
  const hasBody = question.method !== 'HEAD' && reply.status !== 204 && reply.status !== 304;
  const complete = reply.ended === 'complete' || (!hasBody && reply.error === undefined);
  return { ...reply, ended: complete ? 'complete' : 'cut' };
}

export function requestOf({ method = 'GET', path = '/', headers = {}, body }: Question): Request {
  const init = { method, headers, ...(body === undefined ? {} : { body }) };
  return new Request(`http://localhost${path}`, init);
}

async function askDirectly(app: FetchApp, question: Question): Promise<Reply> {
  return receive(await app.fetch(requestOf(question)));
}

export async function receive(response: Response): Promise<Reply> {
  const chunks: Uint8Array[] = [];
  let ended: Reply['ended'] = 'complete';
  try {
    for await (const chunk of response.body ?? []) chunks.push(chunk as Uint8Array);
  } catch {
    ended = 'cut';
  }
  return {
    status: response.status,
    headers: headersIn(response),
    body: Buffer.concat(chunks).toString(),
    ended,
  };
}

/** Lines of one name are joined by a comma, as on a server. */
function headersIn({ headers }: Response): Record<string, string> {
  return { ...Object.fromEntries(headers), ...cookiesIn(headers.getSetCookie()) };
}

function cookiesIn(cookies: string[]): Record<string, string> {
  return cookies.length === 0 ? {} : { 'set-cookie': cookies.join(', ') };
}

/** Serves an app on Node until the test is over. */
export async function serveApp(app: FetchApp, way: 'node' | 'http2' = 'node'): Promise<Served> {
  const server = createAdaptorServer({
    fetch: (request, env) => app.fetch(request, env),
    ...(way === 'http2' ? { createServer: http2.createServer } : {}),
  }) as Server;
  const connections = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    connections.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => connections.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of connections) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return {
    server,
    transport: way === 'http2' ? 'h2c' : 'HTTP/1.1',
    port,
    path: undefined,
    url: `http://127.0.0.1:${port}`,
    connections,
    async connect() {
      const client = await connect({ port, tls: false });
      onTestFinished(() => void client.socket.destroy());
      return client;
    },
  };
}
