import { once } from 'node:events';
import http2, {
  type ClientHttp2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { cert, key } from './certificate.js';
import { probed, type Site, setCurrent, withinReason } from './http1.js';
import { Journal } from './journal.js';
import type { RequestName } from './requests.js';
import type { Listener, Shape } from './shape.js';

/** The conversations that mean something over HTTP/2, as header fields. */
const FIELDS = {
  GET: {},
  'GET of JSON': { accept: 'application/json' },
  'GET of an event stream': { accept: 'text/event-stream' },
  HEAD: { ':method': 'HEAD' },
  'POST with a body': { ':method': 'POST', 'content-type': 'text/plain' },
  'POST with chunks and trailers': { ':method': 'POST', 'content-type': 'text/plain' },
  'If-None-Match': { 'if-none-match': '"tag"' },
  Range: { range: 'bytes=2-5' },
  'Accept-Encoding': { 'accept-encoding': 'gzip, br' },
} as const satisfies Partial<Record<RequestName, Record<string, string>>>;

type Http2RequestName = keyof typeof FIELDS;

export function isHttp2Request(name: RequestName): name is Http2RequestName {
  return name in FIELDS;
}

/** A server for one shape with the compatibility API, in clear text or over TLS. */
export async function openHttp2(
  shape: Shape,
  mount: (handler: Listener) => Listener,
  secure: boolean,
): Promise<Site> {
  const big = shape.big === true;
  let journal = new Journal(big);
  const listener = probed(shape, mount, () => journal);
  const server = secure ? http2.createSecureServer({ key, cert }) : http2.createServer();
  server.on(shape.event ?? 'request', listener);
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (one: ServerHttp2Session) => sessions.add(one));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const session = http2.connect(`${secure ? 'https' : 'http'}://127.0.0.1:${port}`, {
    rejectUnauthorized: false,
  });
  await once(session, 'remoteSettings');
  return {
    async observe(request) {
      journal = new Journal(big);
      setCurrent(journal);
      const bytes = await converse(session, request, journal);
      await journal.untilQuiet();
      setCurrent(undefined);
      const { lines, watched } = journal;
      return { bytes, lines: [...lines], watched };
    },
    async close() {
      const closing = once(server, 'close');
      server.close();
      session.destroy();
      for (const one of sessions) one.destroy();
      await closing;
    },
  };
}

async function converse(
  session: ClientHttp2Session,
  request: RequestName,
  journal: Journal,
): Promise<string> {
  if (!isHttp2Request(request)) throw new Error(`${request} is not for HTTP/2`);
  const withBody = request.startsWith('POST');
  const stream = session.request(
    { ':path': '/path?query=1', ':authority': 'test.example', ...FIELDS[request] },
    { endStream: !withBody },
  );
  const seen: string[] = [];
  const body: Buffer[] = [];
  const note = (what: string, headers: IncomingHttpHeaders): void => {
    const fields = Object.entries(headers).map(([name, value]) =>
      name === 'date' ? 'date: (now)' : `${name}: ${JSON.stringify(value)}`,
    );
    seen.push(`${what} ${fields.join('; ')}`);
  };
  stream.on('headers', (headers) => note('informational', headers));
  stream.on('continue', () => seen.push('continue'));
  stream.on('response', (headers, flags) => note(`response with flags ${flags}`, headers));
  stream.on('trailers', (headers) => note('trailers', headers));
  stream.on('data', (chunk: Buffer) => body.push(chunk));
  stream.on('end', () => seen.push('end'));
  stream.on('aborted', () => seen.push('aborted'));
  stream.on('error', (error: NodeJS.ErrnoException) => seen.push(`error ${error.code}`));
  if (request === 'POST with a body') stream.end('body of the request');
  if (request === 'POST with chunks and trailers') {
    stream.write('body of ');
    stream.end('the request');
  }
  journal.clientLeaves = () => stream.close(http2.constants.NGHTTP2_CANCEL);
  const closed = new Promise((resolve) => stream.once('close', resolve));
  const answered = closed.then(() => journal.until(() => journal.closedResponses > 0));
  await withinReason(answered, journal);
  stream.destroy();
  return [...seen, `reset code ${stream.rstCode}`, Buffer.concat(body).toString('latin1')].join(
    '\n',
  );
}
