import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import {
  createServer as createH2c,
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import { createServer as createHttps } from 'node:https';
import type { Server as NetServer, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { brotliCompressSync, createGzip, gzipSync } from 'node:zlib';
import { holdOpen } from '@holdopen/node';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { freePort } from '../../../../test/support/program.js';
import { examine } from '../../src/doctor/examine.js';
import { planOf } from '../../src/doctor/options.js';
import { certificate } from './support/certificate.js';
import { close, listen } from './support/listen.js';
import { codes, look, said } from './support/look.js';
import { chunk, head, startRaw } from './support/raw-server.js';

const servers: NetServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map(close));
});

async function serve(server: NetServer): Promise<number> {
  servers.push(server);
  return listen(server);
}

const work = async (_req: unknown, res: ServerResponse | Http2ServerResponse): Promise<void> => {
  await delay(450);
  res.setHeader('Content-Type', 'application/json');
  res.end('{"done":true}');
};
const held = holdOpen(work, { intervalMs: 100 });
const heldOverHttp2 = holdOpen<Http2ServerRequest, Http2ServerResponse>(work, { intervalMs: 100 });

async function answering(answer: (req: IncomingMessage, res: ServerResponse) => void) {
  const server: Server = createServer(answer);
  return `http://127.0.0.1:${await serve(server)}/`;
}

async function rawly(...texts: (string | Buffer)[]): Promise<string> {
  const { server, port } = await startRaw(async (socket) => {
    for (const text of texts) {
      socket.write(text);
      await delay(100);
    }
    socket.end();
  });
  servers.push(server);
  return `http://127.0.0.1:${port}/`;
}

describe('versions of HTTP', () => {
  test('a TLS server that speaks HTTP/2 is asked over it', async () => {
    const port = await serve(
      createSecureServer({ ...certificate, allowHTTP1: true }, heldOverHttp2),
    );
    const diagnosis = await look(`https://localhost:${port}/`, { isInsecure: true });
    const { head: seen, line } = diagnosis.facts.observation;
    expect(seen?.httpVersion).toBe('2.0');
    expect(line?.tlsVersion).toBe('TLSv1.3');
    expect(diagnosis.facts.rhythm.arrival).toBe('one-by-one');
    expect(codes(diagnosis, 'warning')).toEqual(['certificate-not-trusted']);
    expect(diagnosis.verdict.isWell).toBe(true);

    const older = await look(`https://localhost:${port}/`, {
      isInsecure: true,
      httpVersion: '1.1',
    });
    expect(older.facts.observation.head?.httpVersion).toBe('1.1');
    expect(older.verdict.isWell).toBe(true);
  });

  test('HTTP/2 without TLS, by prior knowledge', async () => {
    const port = await serve(createH2c(heldOverHttp2));
    const diagnosis = await look(`http://127.0.0.1:${port}/`, { httpVersion: '2' });
    expect(diagnosis.facts.observation.head?.httpVersion).toBe('2.0');
    expect(diagnosis.facts.rhythm.arrival).toBe('one-by-one');
    expect(diagnosis.verdict.isWell).toBe(true);
  });

  test('a stream of HTTP/2 that is reset is a cut', async () => {
    const server = createH2c((_req, res) => {
      res.writeHead(200, { 'Content-Type': 'application/json' });
      res.write('{"half":');
      setTimeout(() => res.stream.close(2), 50);
    });
    const port = await serve(server);
    const diagnosis = await look(`http://127.0.0.1:${port}/`, { httpVersion: '2' });
    expect(codes(diagnosis, 'problem')).toEqual(['cut']);
    expect(said(diagnosis, 'cut')).toContain('INTERNAL_ERROR');
  });

  test('silence over HTTP/2 is waited for until the limit', async () => {
    const port = await serve(createH2c(() => {}));
    const diagnosis = await look(`http://127.0.0.1:${port}/`, { httpVersion: '2', maxWaitMs: 300 });
    expect(codes(diagnosis)).toEqual(['silent']);
  });

  test('HTTP/2 that meets a server of HTTP/1.1 says so', async () => {
    const url = await answering((_req, res) => res.end());
    const diagnosis = await look(url, { httpVersion: '2' });
    expect(codes(diagnosis, 'problem')).toEqual(['no-http2']);
    expect(said(diagnosis, 'no-http2')).toContain('--http1');
  });

  test.each([
    ['closed', (socket: Socket) => socket.destroy()],
    ['reset', (socket: Socket) => socket.resetAndDestroy()],
  ])('a connection of HTTP/2 that is %s in a body is called so', async (how, end) => {
    const server = createH2c();
    server.on('connection', (socket) => {
      server.once('stream', (stream) => {
        stream.on('error', () => {}).respond({ ':status': 200 });
        stream.write('half', () => setTimeout(end, 50, socket));
      });
    });
    server.on('session', (session) => session.on('error', () => {}));
    const diagnosis = await look(`http://127.0.0.1:${await serve(server)}/`, { httpVersion: '2' });
    expect(said(diagnosis, 'cut')).toContain(`the connection was ${how}`);
  });

  test('a head of many fields is taken over HTTP/2, too', async () => {
    const names = Array.from({ length: 300 }, (_, at) => [`x-${at}`, 'y']);
    const server = createH2c((_req, res) => {
      res.writeHead(200, Object.fromEntries(names)).end();
    });
    const diagnosis = await look(`http://127.0.0.1:${await serve(server)}/`, { httpVersion: '2' });
    expect(diagnosis.facts.observation.head?.headers.length).toBeGreaterThan(300);
  });

  test('fields of a connection are left out over HTTP/2', async () => {
    const port = await serve(createH2c((_req, res) => void res.end()));
    const headers = [['TE', 'gzip'] as const, ['Proxy-Connection', 'keep-alive'] as const];
    const diagnosis = await look(`http://127.0.0.1:${port}/`, { httpVersion: '2', headers });
    expect(diagnosis.facts.observation.head?.status).toBe(200);
  });

  test.each([
    ['1.1', [['Trailer', 'X']], (): NetServer => createServer()],
    [
      '2',
      [
        ['Content-Type', 'a'],
        ['Content-Type', 'b'],
      ],
      (): NetServer => createH2c(),
    ],
  ] as const)(
    'a request that HTTP/%s cannot have leaves no connection',
    async (httpVersion, headers, create) => {
      const server = create();
      const gone = new Promise((resolve) => {
        server.once('connection', (socket) => socket.once('close', resolve));
      });
      const url = `http://127.0.0.1:${await serve(server)}/`;
      const more = { httpVersion, headers: [...headers, ['Content-Length', '1'] as const] };
      const diagnosis = await look(url, { ...more, method: 'POST', body: Buffer.from('a') });
      expect(codes(diagnosis, 'problem')).toEqual(['not-sent']);
      await gone;
    },
  );

  test('an answer of HTTP/1.0 cannot be told from a cut', async () => {
    const url = await rawly(
      head(
        'HTTP/1.0 200 OK',
        'Content-Type: application/json',
        'HoldOpen: interval=100, format=json',
      ),
      '\n',
      '\n',
      '\n{"a":1}',
    );
    const diagnosis = await look(url);
    expect(codes(diagnosis, 'warning')).toContain('close-delimited');
    expect(diagnosis.facts.observation.body.state).toBe('whole');
  });
});

describe('what stands in the way of an answer', () => {
  test('nobody listens', async () => {
    const port = await freePort();
    expect(codes(await look(`http://127.0.0.1:${port}/`))).toEqual(['refused']);
  });

  test('a host that does not exist', async () => {
    expect(codes(await look('http://no-such-host.invalid/'))).toEqual(['dns']);
  });

  test('a certificate that nobody trusts', async () => {
    const port = await serve(createHttps(certificate, held));
    const diagnosis = await look(`https://localhost:${port}/`);
    expect(codes(diagnosis)).toEqual(['tls']);
    expect(said(diagnosis, 'tls')).toContain('--insecure');
  });

  test('a handshake that breaks is not cured by taking any certificate', async () => {
    const tooOld = { ...certificate, maxVersion: 'TLSv1.2', minVersion: 'TLSv1.2' } as const;
    const server = createHttps({ ...tooOld, ciphers: 'PSK-AES128-CBC-SHA256' }, held);
    const url = `https://127.0.0.1:${await serve(server)}/`;
    const diagnosis = await look(url, { isInsecure: true });
    expect(codes(diagnosis)).toEqual(['tls']);
    expect(said(diagnosis, 'tls')).not.toContain('--insecure');
  });

  test('port 0 is not taken for the usual one', async () => {
    const diagnosis = await look('http://127.0.0.1:0/');
    expect(diagnosis.facts.observation.line).toBeUndefined();
    expect(JSON.stringify(diagnosis.facts.observation.ending)).not.toContain('127.0.0.1:80');
  });

  test('https:// to a port without TLS, and http:// to one with it', async () => {
    const plain = new URL(await answering((_req, res) => res.end()));
    const tls = said(await look(`https://127.0.0.1:${plain.port}/`), 'tls');
    expect(tls).toMatch(/^TLS failed: [^:]*\. .*http:\/\//);
    const port = await serve(createHttps(certificate, held));
    const diagnosis = await look(`http://127.0.0.1:${port}/`);
    expect(diagnosis.verdict.isWell).toBe(false);
    expect(said(diagnosis, 'closed')).toContain('https://');
  });

  test.each([
    [429, 'Retry-After'],
    [500, 'log'],
    [404, 'path'],
  ])('a %i is told with its own cure', async (status, says) => {
    const url = await answering((_req, res) => void res.writeHead(status).end());
    expect(said(await look(url), 'error-status')).toContain(says);
  });

  test('a redirect is named and not followed', async () => {
    const url = await answering((_req, res) => {
      res.writeHead(307, { Location: 'https://elsewhere.example/' }).end();
    });
    expect(said(await look(url), 'redirect')).toContain('https://elsewhere.example/');
  });
});

describe('bodies', () => {
  const types = { 'Content-Type': 'application/json' };

  test.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
  ])('an answer in %s is read as what it holds', async (coding, compress) => {
    const url = await answering((_req, res) => {
      res.writeHead(200, { ...types, 'Content-Encoding': coding });
      res.end(compress('{"a":1}'));
    });
    const { body } = (await look(url)).facts.observation;
    expect(body).toMatchObject({ state: 'whole', bytes: 7 });
  });

  test('a compression that flushes each beat lets them through', async () => {
    const url = await answering(async (_req, res) => {
      res.writeHead(200, {
        ...types,
        'Content-Encoding': 'gzip',
        HoldOpen: 'interval=100, format=json',
      });
      const gzip = createGzip();
      gzip.pipe(res);
      for (let beat = 0; beat < 4; beat += 1) {
        gzip.write('\n');
        gzip.flush();
        await delay(100);
      }
      gzip.end('{"a":1}');
    });
    const diagnosis = await look(url);
    expect(diagnosis.facts.rhythm).toMatchObject({ beats: 4, arrival: 'one-by-one' });
    expect(codes(diagnosis, 'warning')).toContain('compressed');
  });

  test('half a document behind a clean end is a cut that somebody hides', async () => {
    const url = await answering((_req, res) => res.writeHead(200, types).end('{"a":'));
    expect(codes(await look(url), 'problem')).toEqual(['incomplete']);
  });

  test('a cut on purpose that a hop hides is not called whole', async () => {
    const late = `\r${[...Buffer.from('500')]
      .map((byte) => byte.toString(2).padStart(8, '0').replaceAll('0', ' ').replaceAll('1', '\t'))
      .join('')}\r`;
    const url = await answering((_req, res) => {
      res.writeHead(200, { ...types, HoldOpen: 'interval=100, format=json' });
      res.write('\n');
      setTimeout(() => res.write('\n'), 100);
      setTimeout(() => res.end(`${late}{"a":1`), 200);
    });
    const diagnosis = await look(url);
    expect(codes(diagnosis)).toContain('cut-hidden');
    expect(diagnosis.verdict.sentence).not.toContain('whole');
  });

  test('an event without its empty line is one, too', async () => {
    const url = await answering((_req, res) =>
      res.writeHead(200, { 'Content-Type': 'text/event-stream' }).end('data: a\n\ndata: b\n'),
    );
    expect(codes(await look(url), 'problem')).toEqual(['incomplete']);
  });

  test('nothing but beats is no payload', async () => {
    const url = await rawly(
      head('HTTP/1.1 200 OK', 'Content-Type: application/json', 'Transfer-Encoding: chunked'),
      chunk('\n'),
      chunk('\n'),
      '0\r\n\r\n',
    );
    expect(codes(await look(url), 'problem')).toEqual(['blank']);
  });

  test('beats that a relay has swallowed are missed', async () => {
    const url = await rawly(
      head(
        'HTTP/1.1 200 OK',
        'Content-Type: text/event-stream',
        'HoldOpen: interval=100, format=sse',
        'Transfer-Encoding: chunked',
      ),
      chunk('data: 1\n\n'),
      '0\r\n\r\n',
    );
    expect(codes(await look(url), 'problem')).toEqual(['beats-missing']);
  });

  test('an event stream behind a JSON head is read as one', async () => {
    const url = await rawly(
      head(
        'HTTP/1.1 200 OK',
        'Content-Type: application/json',
        'HoldOpen: interval=100, format=json',
        'Transfer-Encoding: chunked',
      ),
      chunk('\n'),
      chunk('\n'),
      chunk(': holdopen status=201, retry-after="5"\n\ndata: 1\n\n'),
      chunk(': keepalive\n\n'),
      '0\r\n\r\n',
    );
    const { body } = (await look(url)).facts.observation;
    expect(body.format).toBe('sse');
    expect(body.lateHead).toEqual({ status: 201, headers: [['retry-after', '5']] });
  });

  test('interim answers are seen and are not the head', async () => {
    const url = await answering((_req, res) => {
      res.writeProcessing();
      res.writeHead(200, types).end('{}');
    });
    const { interim, head: seen } = (await look(url)).facts.observation;
    expect(interim.map(({ status }) => status)).toEqual([102]);
    expect(seen?.status).toBe(200);
  });
});

describe('what is sent', () => {
  test('method, headers and body arrive as they were given', async () => {
    let seen: { method?: string; body: string; custom: unknown; host: unknown } | undefined;
    const url = await answering(async (req, res) => {
      let body = '';
      for await (const text of req) body += text;
      seen = {
        method: req.method ?? '',
        body,
        custom: req.headers['x-custom'],
        host: req.headers.host,
      };
      res.end();
    });
    await look(url, {
      method: 'PUT',
      headers: [
        ['Host', 'api.example.com'],
        ['X-Custom', 'a'],
        ['Content-Length', '2'],
      ],
      body: Buffer.from('hi'),
    });
    expect(seen).toEqual({ method: 'PUT', body: 'hi', custom: 'a', host: 'api.example.com' });
  });

  test('after as many beats as were asked for it stops', async () => {
    const url = await answering(held);
    const diagnosis = await look(url, { enoughBeats: 2 });
    expect(diagnosis.facts.observation.ending).toEqual({ how: 'stopped', why: 'enough-beats' });
    expect(diagnosis.facts.rhythm.beats).toBe(2);
    expect(diagnosis.verdict.isWell).toBe(true);
  });

  test('what was seen before an interruption is reported', async () => {
    const interrupt = new AbortController();
    const url = await answering((_req, res) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream' });
      res.write('data: 1\n\n');
    });
    let bytes = (): number => 0;
    const seeing = examine(planOf(new URL(url), {}), {
      signal: interrupt.signal,
      onStart: (progress) => {
        bytes = () => progress().bytes;
      },
    });
    await vi.waitFor(() => expect(bytes()).toBe(9));
    interrupt.abort();
    const { body, ending } = await seeing;
    expect(body.records).toBe(1);
    expect(ending).toEqual({ how: 'stopped', why: 'interrupted' });
  });
});

describe('pages of another origin', () => {
  const origin = 'https://app.example.com';

  test('what they may not send and read is named', async () => {
    const url = await answering((req, res) => {
      res.setHeader('Access-Control-Allow-Origin', origin);
      if (req.method === 'OPTIONS') {
        res.setHeader('Access-Control-Allow-Headers', 'content-type, idempotency-key');
        res.writeHead(204).end();
      } else res.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
    });
    const diagnosis = await look(url, { origin, headers: [['Authorization', 'Bearer x']] });
    expect(said(diagnosis, 'cors-request-headers')).toContain('authorization');
    expect(said(diagnosis, 'cors-resume-request')).toContain('holdopen-run and last-event-id');
    expect(said(diagnosis, 'cors-resume-response')).toContain('Access-Control-Expose-Headers');
    expect(codes(diagnosis, 'problem')).toEqual(['cors-request-headers']);
    expect(diagnosis.verdict.sentence).toContain('kept out');
  });

  test('a server that lets them do everything is well', async () => {
    const url = await answering((req, res) => {
      res.setHeader('Access-Control-Allow-Origin', origin);
      res.setHeader('Access-Control-Allow-Credentials', 'true');
      res.setHeader(
        'Access-Control-Expose-Headers',
        'HoldOpen, HoldOpen-Run, Link, Location, Content-Location, Retry-After',
      );
      res.setHeader('Access-Control-Allow-Headers', 'Idempotency-Key, Last-Event-ID, HoldOpen-Run');
      if (req.method === 'OPTIONS') res.writeHead(204).end();
      else held(req, res);
    });
    const diagnosis = await look(url, { origin, hasCredentials: true });
    expect(codes(diagnosis, 'warning')).toEqual([]);
    expect(diagnosis.verdict.isWell).toBe(true);
  });

  test('a login before OPTIONS keeps them out', async () => {
    const url = await answering((_req, res) => res.writeHead(401).end());
    const asked = await look(url, { origin, headers: [['Authorization', 'Bearer x']] });
    expect(codes(asked, 'problem')).toContain('preflight');
  });

  test('what a browser sends without asking is not kept out by OPTIONS', async () => {
    const url = await answering((req, res) => {
      if (req.method === 'OPTIONS') res.writeHead(405).end();
      else res.writeHead(200, { 'Access-Control-Allow-Origin': origin }).end('ok');
    });
    const diagnosis = await look(url, { origin });
    expect(codes(diagnosis, 'problem')).toEqual([]);
    expect(said(diagnosis, 'cors-resume-request')).toContain('405');
    expect(codes(await look(url, { origin, method: 'DELETE' }), 'problem')).toEqual(['preflight']);
  });

  test('a stop before OPTIONS is answered does not blame the connection', async () => {
    const url = await answering(() => {});
    const diagnosis = await look(url, { origin, maxWaitMs: 300 });
    expect(codes(diagnosis)).toEqual(['preflight']);
    expect(said(diagnosis, 'preflight')).toContain('until the doctor stopped');
    expect(diagnosis.verdict.isWell).toBe(false);
  });
});
