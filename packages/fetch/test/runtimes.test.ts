import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bun, deno, newestNode } from '../../../test/runtimes.js';
import { anyPrefixParses, readHeldJson } from '../../node/test/held/support/payload.js';
import { connect, type RawResponse, readResponse } from '../../node/test/held/support/wire.js';
import { quiet, until } from './support/call.js';

const SERVER = fileURLToPath(new URL('./support/runtime-server.mjs', import.meta.url));
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

interface Said {
  readonly port?: number;
  readonly aborted?: string;
  readonly state?: string;
  readonly cancelled?: string;
  readonly code?: string;
  readonly unhandled?: string;
}

interface Runtime {
  readonly name: string;
  readonly command: () => [string, ...string[]];
}

const RUNTIMES: Runtime[] = [
  { name: 'the newest Node', command: () => [newestNode()] },
  { name: 'Bun', command: () => [bun(), 'run'] },
  { name: 'Deno', command: () => [deno(), 'run', '--allow-net'] },
];

beforeAll(() => {
  const build = [`${ROOT}/node_modules/typescript/bin/tsc`, '-b', 'packages/fetch'];
  execFileSync(process.execPath, build, { cwd: ROOT });
});

describe.each(RUNTIMES)('on $name', ({ name, command }) => {
  let child: ChildProcess;
  let errors = '';
  const said: Said[] = [];
  let port = 0;

  beforeAll(async () => {
    const [path, ...args] = command();
    child = spawn(path, [...args, SERVER], { stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      out += chunk.toString();
      const lines = out.split('\n');
      out = lines.pop() ?? '';
      for (const line of lines) if (line.startsWith('{')) said.push(JSON.parse(line) as Said);
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    await until('the server listens', () => said.length > 0 || child.exitCode !== null);
    port = said[0]?.port ?? 0;
    if (port === 0) throw new Error(errors);
  });

  afterAll(() => {
    child.kill();
  });

  async function open(path: string) {
    const client = await connect({ port, tls: false });
    client.send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    return client;
  }

  async function ask(path: string) {
    const client = await open(path);
    await client.response();
    client.socket.destroy();
    const response = readResponse(client.received);
    if (response === undefined) throw new Error(`no response: ${client.text} ${errors}`);
    return response;
  }

  function complete(response: RawResponse): RawResponse {
    expect(response.complete, response.head).toBe(true);
    return response;
  }

  test('a fast answer is untouched', async () => {
    const response = complete(await ask('/fast'));
    expect(response.status).toBe(203);
    expect(response.headers).toMatchObject({ 'x-a': '1', 'content-length': '13' });
    expect(response.headers).not.toHaveProperty('holdopen');
    expect(response.body).toBe('{"fast":true}');
  });

  test('a slow one is held', async () => {
    const response = complete(await ask('/json'));
    expect(response.headers).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
      holdopen: 'interval=60, format=json',
    });
    const { beats, payload } = readHeldJson(response.body);
    expect(beats).toBeGreaterThan(1);
    expect(payload).toBe('{"a":"ü"}');
  });

  test('a late 201 stands in the late head', async () => {
    const response = complete(await ask('/created'));
    expect(readHeldJson(response.body)).toMatchObject({
      lateHead: { status: 201, headers: [['location', '/7']] },
      payload: '{"id":7}',
    });
  });

  test('a coding is undone', async () => {
    const response = complete(await ask('/gzip'));
    expect(readHeldJson(response.body).payload).toBe('{"a":"ü"}');
  });

  test('a document in pieces arrives', async () => {
    expect(JSON.parse(complete(await ask('/pieces')).body)).toEqual(['one', 2, 3]);
  });

  test.each(['/422', '/thrown', '/422-long'])('a late failure is cut: %s', async (path) => {
    const start = performance.now();
    const response = await ask(path);
    expect(performance.now() - start).toBeLessThan(3_000);
    expect(response.complete).toBe(false);
    const { lateHead, payload } = readHeldJson(response.body);
    expect(lateHead?.status).toBe(path === '/thrown' ? 500 : 422);
    expect(() => JSON.parse(payload) as unknown).toThrow();
    const error = JSON.parse(`${payload}}`) as Record<string, unknown>;
    expect(error[path === '/thrown' ? 'completion_status' : 'why']).toBeDefined();
    const seen = await fetch(`http://127.0.0.1:${port}${path}`);
    await expect(seen.text()).rejects.toThrow();
  });

  test('a document that fails on its way is cut', async () => {
    const response = await ask('/midway');
    expect(response.complete).toBe(false);
    expect(anyPrefixParses(response.body)).toBe(false);
    expect(response.body).toMatch(/^\n+\{"a":1\n*,"b":2\n*$/);
  });

  test('an event stream gets beats at its boundaries', async () => {
    const { body } = complete(await ask('/events'));
    expect(body).toMatch(
      /^data: 1\n\n: holdopen interval=60\n\n(: keepalive\n\n)*data: 2\n(:\n)+data: 3\n\n(: keepalive\n\n)+$/,
    );
  });

  test('one that is silent behind its head gets them too', async () => {
    const { body } = complete(await ask('/silent-events'));
    expect(body).toMatch(/^: holdopen interval=60\n\n(: keepalive\n\n)*data: 1\n\n$/);
  });

  test('the signal fires when a held client leaves', async () => {
    const client = await open('/wait');
    await until('it is held', () => /holdopen: interval=60/i.test(client.text));
    await quiet(100);
    client.socket.destroy();
    await until(`${name} notices`, () => said.some(({ aborted }) => aborted !== undefined));
    expect(said.find(({ aborted }) => aborted !== undefined)).toMatchObject({
      aborted: 'HOLDOPEN_DISCONNECTED',
      state: 'gone',
    });
  });

  test('the body of an event stream is cancelled when its client leaves', async () => {
    const client = await open('/endless-events');
    await client.arrived('data: 1');
    await quiet(100);
    client.socket.destroy();
    await until(`${name} notices`, () =>
      said.some(({ cancelled, code }) => cancelled !== undefined && code !== undefined),
    );
    expect(said.find(({ cancelled }) => cancelled === '/endless-events')).toEqual({
      cancelled: '/endless-events',
      code: 'HOLDOPEN_DISCONNECTED',
    });
  });

  test('a client that leaves before the first beat is noticed by then', async () => {
    const before = said.filter(({ aborted }) => aborted !== undefined).length;
    const client = await open('/wait');
    client.socket.destroy();
    await until(
      `${name} notices`,
      () => said.filter(({ aborted }) => aborted !== undefined).length > before,
    );
  });

  test('nobody is warned, and no rejection is left over', () => {
    expect(said.filter(({ unhandled }) => unhandled !== undefined)).toEqual([]);
    expect(errors).not.toMatch(/legacy behavior|Warning/);
  });

  if (name === 'Bun') {
    test('the idle time-out of Bun does not end a silence longer than itself', async () => {
      const [reachable, unreachable] = await Promise.all([
        timed(open('/silent?ms=13000&withheld=reachable')),
        timed(open('/silent?ms=6000&withheld')),
      ]);
      expect(reachable.firstByteMs).toBeGreaterThan(12_500);
      expect(reachable.text).toContain('{"a":1}');
      expect(reachable.text).not.toMatch(/holdopen/i);
      expect(unreachable.firstByteMs).toBeGreaterThan(3_500);
      expect(unreachable.firstByteMs).toBeLessThan(5_000);
      expect(unreachable.text).toMatch(/holdopen: interval=8000/i);
    });
  }

  async function timed(opened: ReturnType<typeof open>) {
    const start = performance.now();
    const client = await opened;
    while (!client.closed && !client.text.includes('{"a":1}')) await quiet(20);
    client.socket.destroy();
    return { text: client.text, firstByteMs: (client.arrivals[0]?.atMs ?? 0) - start };
  }
});
