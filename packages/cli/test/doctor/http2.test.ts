import { createServer } from 'node:http2';
import type { Server } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { close, listen } from './support/listen.js';
import { codes, look, said } from './support/look.js';
import { startRaw } from './support/raw-server.js';

/** Types and flags of frames (RFC 9113, section 6). */
const DATA = 0;
const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const END_STREAM = 1;
const END_HEADERS = 4;
/** Of the static table of HPACK. */
const STATUS_200 = Buffer.from([0x88]);

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map(close));
});

async function serve(server: Server): Promise<string> {
  servers.push(server);
  return `http://127.0.0.1:${await listen(server)}/`;
}

describe('over HTTP/2', () => {
  test.each(['GET', 'DELETE', 'POST'])('a body of %s arrives', async (method) => {
    let seen = '';
    const server = createServer(async (req, res) => {
      for await (const text of req) seen += text;
      res.end('ok');
    });
    const more = { method, body: Buffer.from('{"a":1}'), httpVersion: '2' } as const;
    const diagnosis = await look(await serve(server), more);
    expect(diagnosis.facts.observation.head?.status).toBe(200);
    expect(seen).toBe('{"a":1}');
  });

  test.each([
    ['before', 0, 'cut'],
    ['behind', END_STREAM, 'clean'],
  ])('a reset with NO_ERROR %s the end of the body: %i, %s', async (_where, flags, how) => {
    const { server, port } = await startRaw((socket) => {
      socket.write(frame(SETTINGS, 0, 0, Buffer.alloc(0)));
      socket.write(frame(HEADERS, END_HEADERS, 1, STATUS_200));
      socket.write(frame(DATA, flags, 1, Buffer.from('all, or half of it')));
      // Behind the end: a server that wants no more of the request (RFC 9113, section 8.1).
      socket.write(frame(RST_STREAM, 0, 1, Buffer.alloc(4)));
    });
    servers.push(server);
    const diagnosis = await look(`http://127.0.0.1:${port}/`, { httpVersion: '2' });
    expect(diagnosis.facts.observation.ending.how).toBe(how);
    if (how === 'cut') expect(said(diagnosis, 'cut')).toContain('NO_ERROR');
    expect(codes(diagnosis, 'problem')).toEqual(how === 'cut' ? ['cut'] : []);
  });

  test.each(['HEAD', 'GET'])('an answer to %s without a body is whole', async (method) => {
    const server = createServer();
    server.on('stream', (stream) => stream.respond({ ':status': 204 }, { endStream: true }));
    const diagnosis = await look(await serve(server), { httpVersion: '2', method });
    expect(diagnosis.facts.observation.ending).toEqual({ how: 'clean' });
  });
});
