// What is known of a connection over TLS and HTTP/2, on real sockets.
import {
  type ClientHttp2Session,
  connect,
  constants,
  createSecureServer,
  createServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import { createServer as createHttpsServer, request } from 'node:https';
import { type AddressInfo, connect as connectTcp, type Server, type Socket } from 'node:net';
import { holdOpen, registry } from '@holdopen/node';
import { type ConnectionEnd, createJournal, type Incident } from '@holdopen/observe';
import { expect, onTestFinished, test } from 'vitest';
import { quiet, until } from '../../../../test/support/until.js';
import { certificate } from '../../../node/test/held/support/certificate.js';
import { held, incidentsOf, temporaryDirectory } from './support.js';

const QUICK = { firstBeatMs: 20, intervalMs: 50, onLateOutcome: () => undefined };

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.close();
    await until('all is over', () => registry.size === 0);
  });
  return (server.address() as AddressInfo).port;
}

let isHeld = 0;
const hang = async (req: object) => {
  await held(req);
  isHeld += 1;
};

async function only(directory: string): Promise<Incident> {
  await until('it is written', async () => (await incidentsOf(directory)).length > 0);
  const [incident] = await incidentsOf(directory);
  return incident as Incident;
}

function open(): string {
  isHeld = 0;
  const directory = temporaryDirectory();
  const journal = createJournal({ directory, heartbeatMs: 60_000, flushMs: 5 });
  onTestFinished(() => journal.close());
  return directory;
}

test('over TLS its age is known, and that the client has closed it', async () => {
  const directory = open();
  const port = await listening(createHttpsServer(certificate, holdOpen(hang, QUICK)));
  const call = request({
    port,
    host: '127.0.0.1',
    method: 'POST',
    rejectUnauthorized: false,
    agent: false,
  });
  call.on('error', () => {}).on('response', (res) => res.on('error', () => {}).resume());
  call.end();
  await until('it is held', () => isHeld === 1);
  await quiet(100);
  call.socket?.end();
  const incident = await only(directory);
  expect(incident).toMatchObject({
    httpVersion: '1.1',
    connectionEnd: 'fin',
    outcome: 'disconnected',
  });
  expect(incident.connectionMs).toBeGreaterThanOrEqual(100);
});

const overHttp2 = (session: ClientHttp2Session) => {
  onTestFinished(() => session.destroy());
  session.on('error', () => {});
  const stream = session.request({ ':method': 'POST' });
  stream.on('error', () => {}).resume();
  stream.end();
  return stream;
};

type Stream = ReturnType<typeof overHttp2>;

/** What its client does, and what it is taken for. */
const ENDS: [string, ConnectionEnd, (stream: Stream, socket: Socket) => void][] = [
  ['the request was cancelled', 'cancel', (stream) => stream.close(constants.NGHTTP2_CANCEL)],
  ['the client has failed', 'reset', (stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR)],
  ['the client has left all requests', 'cancel', (stream) => stream.session?.destroy()],
  ['the connection was closed', 'cancel', (_stream, socket) => socket.end()],
  ['the connection was reset', 'reset', (_stream, socket) => socket.resetAndDestroy()],
];

test.each(ENDS)('over HTTP/2 its age is known, and that %s', async (_what, end, leave) => {
  const directory = open();
  const port = await listening(createServer(holdOpen((req, _res) => hang(req), QUICK)));
  const socket = connectTcp(port, '127.0.0.1');
  const session = connect(`http://127.0.0.1:${port}`, { createConnection: () => socket });
  const stream = overHttp2(session);
  await until('it is held', () => isHeld === 1);
  await quiet(100);
  leave(stream, socket);
  const incident = await only(directory);
  expect(incident).toMatchObject({ httpVersion: '2', connectionEnd: end, outcome: 'disconnected' });
  expect(incident.connectionMs).toBeGreaterThanOrEqual(100);
});

test('over HTTP/2 with TLS, too', async () => {
  const directory = open();
  const port = await listening(
    createSecureServer(
      certificate,
      holdOpen((req: Http2ServerRequest, _res: Http2ServerResponse) => hang(req), QUICK),
    ),
  );
  const session = connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
  const stream = overHttp2(session);
  await until('it is held', () => isHeld === 1);
  await quiet(100);
  stream.close(constants.NGHTTP2_CANCEL);
  const incident = await only(directory);
  expect(incident).toMatchObject({ httpVersion: '2', connectionEnd: 'cancel' });
  expect(incident.connectionMs).toBeGreaterThanOrEqual(100);
});
