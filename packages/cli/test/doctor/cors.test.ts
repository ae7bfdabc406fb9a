import { createServer, type Server, type ServerResponse } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { close, listen } from './support/listen.js';
import { codes, look, said } from './support/look.js';

const ORIGIN = 'https://app.example.com';
const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map(close));
});

/** A server whose CORS allows these request headers, and does so to those who ask for others. */
async function allowing(allowed: readonly string[], refuse: (res: ServerResponse) => void) {
  const asked: string[] = [];
  const server = createServer((req, res) => {
    if (req.method !== 'OPTIONS') {
      res.writeHead(200, { 'Access-Control-Allow-Origin': ORIGIN }).end('ok');
      return;
    }
    const names = String(req.headers['access-control-request-headers'] ?? '');
    asked.push(names);
    const isAllowed = names.split(',').every((name) => name === '' || allowed.includes(name));
    if (!isAllowed) return refuse(res);
    res.writeHead(204, {
      'Access-Control-Allow-Origin': ORIGIN,
      'Access-Control-Allow-Headers': allowed.join(', '),
    });
    res.end();
  });
  servers.push(server);
  return { url: `http://127.0.0.1:${await listen(server)}/`, asked };
}

describe('a server that refuses OPTIONS as soon as one header is not allowed', () => {
  test.each([
    ['400, as Starlette', (res: ServerResponse) => void res.writeHead(400).end('Disallowed')],
    ['a bare 204, as rs/cors', (res: ServerResponse) => void res.writeHead(204).end()],
  ])('with %s, lets pages send what they send', async (_how, refuse) => {
    const { url, asked } = await allowing(['authorization'], refuse);
    const diagnosis = await look(url, { origin: ORIGIN, headers: [['Authorization', 'Bearer x']] });
    expect(codes(diagnosis, 'problem')).toEqual([]);
    expect(said(diagnosis, 'cors-resume-request')).toContain('idempotency-key');
    expect(asked.at(-1)).toBe('authorization');
  });

  test('keeps pages out whose own header it does not allow', async () => {
    const { url } = await allowing([], (res) => void res.writeHead(400).end());
    const diagnosis = await look(url, { origin: ORIGIN, headers: [['Authorization', 'Bearer x']] });
    expect(codes(diagnosis, 'problem')).toEqual(['preflight']);
  });
});

test('a header of runs that the request itself has must be allowed', async () => {
  const server = createServer((req, res) => {
    res.setHeader('Access-Control-Allow-Origin', ORIGIN);
    res.writeHead(req.method === 'OPTIONS' ? 204 : 200).end();
  });
  servers.push(server);
  const url = `http://127.0.0.1:${await listen(server)}/`;
  const diagnosis = await look(url, { origin: ORIGIN, headers: [['Idempotency-Key', 'a']] });
  expect(said(diagnosis, 'cors-request-headers')).toContain('idempotency-key');
  expect(said(diagnosis, 'cors-resume-request')).not.toContain('idempotency-key');
  expect(diagnosis.verdict.isWell).toBe(false);
});
