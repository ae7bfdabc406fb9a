import { type ChildProcess, spawn } from 'node:child_process';
import http from 'node:http';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bun, deno, newestNode } from '../../../../test/runtimes.js';
import { askOverHttp2, type Reply, requestText } from './support/ask.js';
import { builtEntry } from './support/built.js';
import { anyPrefixParses, readHeldJson } from './support/payload.js';
import { quiet, until } from './support/wait.js';
import { connect, type RawResponse, readResponse } from './support/wire.js';

const SERVER = fileURLToPath(new URL('./support/runtime-server.mjs', import.meta.url));

interface Said {
  readonly port?: number;
  readonly http2Port?: number;
  readonly finish?: string;
  readonly close?: string;
  readonly status?: number;
  readonly aborted?: string;
  readonly state?: string;
}

interface Runtime {
  readonly name: string;
  readonly command: () => [string, ...string[]];
}

const RUNTIMES: Runtime[] = [
  { name: 'Node 20', command: () => [process.execPath] },
  { name: 'the newest Node', command: () => [newestNode()] },
  { name: 'Bun', command: () => [bun(), 'run'] },
  { name: 'Deno', command: () => [deno(), 'run', '--allow-all'] },
];

describe.each(RUNTIMES)('on $name', ({ name, command }) => {
  let child: ChildProcess;
  let errors = '';
  const said: Said[] = [];
  let port = 0;

  beforeAll(async () => {
    builtEntry();
    const [path, ...args] = command();
    child = spawn(path, [...args, SERVER], { stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      out += chunk.toString();
      const lines = out.split('\n');
      out = lines.pop() ?? '';
      for (const line of lines) said.push(JSON.parse(line) as Said);
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

  async function ask(path: string, version = '1.1') {
    const client = await connect({ port, tls: false });
    client.send(requestText({ path }, version));
    await until(
      'the response is over',
      () => client.closed || readResponse(client.received)?.complete === true,
    );
    client.socket.destroy();
    const response = readResponse(client.received);
    if (response === undefined) throw new Error(`no response: ${client.text} ${errors}`);
    return { ...response, errorCode: client.errorCode };
  }

  function askHttp2(path: string): Promise<Reply> {
    return askOverHttp2(`http://127.0.0.1:${said[0]?.http2Port}`, { path });
  }

  function complete(response: RawResponse): RawResponse {
    expect(response.complete, response.head).toBe(true);
    return response;
  }

  test('a fast answer is untouched', async () => {
    const response = complete(await ask('/fast'));
    expect(response.status).toBe(203);
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

  test('a document in pieces arrives', async () => {
    expect(JSON.parse(complete(await ask('/pieces')).body)).toEqual(['one', 2, 3]);
  });

  test.each(['/422', '/thrown'])('a late failure is cut: %s', async (path) => {
    const start = performance.now();
    const response = await ask(path);
    // Not only when the connection has been idle for long enough.
    expect(performance.now() - start).toBeLessThan(3_000);
    expect(response.complete).toBe(false);
    expect(anyPrefixParses(response.body)).toBe(false);
    expect(JSON.parse(`${response.body}}`)).toMatchObject(
      path === '/422' ? { why: 'late' } : { completion_status: 500 },
    );
    const seen = await fetch(`http://127.0.0.1:${port}${path}`);
    await expect(seen.text()).rejects.toThrow();
    const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
      http.get(`http://127.0.0.1:${port}${path}`, { agent: false }, (message) => {
        message.resume();
        message.on('error', resolve);
        message.on('end', () => resolve(undefined));
      });
    });
    expect(error?.code).toBe('ECONNRESET');
    const status = path === '/422' ? 422 : 500;
    await until('finish has come with the true status', () =>
      said.some(({ finish, status: told }) => finish === path && told === status),
    );
    await until('close has come', () => said.some(({ close }) => close === path));
  });

  test('an event stream gets beats at its boundaries', async () => {
    const { body } = complete(await ask('/events'));
    expect(body).toMatch(
      /^data: 1\n\n: holdopen interval=60\n\n(: keepalive\n\n)*data: 2\n(:\n)+data: 3\n\n(: keepalive\n\n)+$/,
    );
  });

  test('an event stream that is silent behind its head gets them too', async () => {
    const { body } = complete(await ask('/silent-events'));
    expect(body).toMatch(/^: holdopen interval=60\n\n(: keepalive\n\n)*data: 1\n\n$/);
  });

  test('informational responses stay out of the body', async () => {
    const response = complete(await ask('/hints'));
    expect(readHeldJson(response.body).payload).toBe('{}');
  });

  test('the signal fires when a held client leaves', async () => {
    const client = await connect({ port, tls: false });
    client.send(requestText({ path: '/wait' }));
    await client.arrived('HoldOpen: interval=60, format=json');
    await quiet(100);
    client.socket.destroy();
    await until(`${name} notices`, () => said.some(({ aborted }) => aborted !== undefined));
    expect(said.find(({ aborted }) => aborted !== undefined)).toMatchObject({
      aborted: 'HOLDOPEN_DISCONNECTED',
      state: 'gone',
    });
  });

  test('over HTTP/2 a slow answer is held, and a late failure resets its stream', async () => {
    const success = await askHttp2('/created');
    expect(success.headers).toMatchObject({ holdopen: 'interval=60, format=json' });
    expect(readHeldJson(success.body)).toMatchObject({
      lateHead: { status: 201 },
      payload: '{"id":7}',
    });
    expect(success.ended).toBe('complete');
    const failure = await askHttp2('/422');
    expect(failure.ended).toBe('cut');
    expect(JSON.parse(`${failure.body}}`)).toEqual({ why: 'late' });
    expect(failure.rstCode).not.toBe(0);
  });

  test('an HTTP/1.0 client is held, and its failure is a reset', async () => {
    const success = await ask('/json', '1.0');
    expect(success.headers).not.toHaveProperty('transfer-encoding');
    expect(readHeldJson(success.body).payload).toBe('{"a":"ü"}');
    expect(success.errorCode).toBeUndefined();
    const failure = await ask('/422', '1.0');
    expect(JSON.parse(`${failure.body}}`)).toEqual({ why: 'late' });
    expect(failure.errorCode).toBe('ECONNRESET');
    expect(anyPrefixParses(failure.body)).toBe(false);
  });
});
