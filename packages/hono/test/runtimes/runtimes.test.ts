import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { bun, deno, newestNode } from '../../../../test/runtimes.js';
import { requestText } from '../../../node/test/held/support/ask.js';
import { connect, type RawClient, type RawResponse } from '../../../node/test/held/support/wire.js';
import { anyPrefixParses, readHeldJson, until } from '../support/index.js';

const SERVER = fileURLToPath(new URL('./server.mjs', import.meta.url));
const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

interface Ports {
  readonly first: number;
  readonly second: number;
  readonly wrapped: number;
  readonly patient: number;
}

interface Said {
  readonly path?: string;
  readonly status?: number;
  readonly error?: string;
  readonly aborted?: string;
  readonly state?: string;
}

interface Runtime {
  readonly name: string;
  readonly command: () => [string, ...string[]];
  /** Only the very first middleware may hold. */
  readonly fetchOnly: boolean;
  /** It ends connections that are silent. */
  readonly impatient?: boolean;
}

const RUNTIMES: Runtime[] = [
  { name: 'the newest Node', command: () => [newestNode()], fetchOnly: false },
  { name: 'Bun', command: () => [bun(), 'run'], fetchOnly: true, impatient: true },
  {
    name: 'Deno',
    // Without leave to read the environment, as `deno serve` starts an app.
    command: () => [deno(), 'run', '--allow-net', '--node-modules-dir=manual'],
    fetchOnly: true,
  },
];

beforeAll(() => {
  const build = [`${ROOT}/node_modules/typescript/bin/tsc`, '-b', 'packages/hono'];
  execFileSync(process.execPath, build, { cwd: ROOT });
});

describe.each(RUNTIMES)('on $name', ({ command, fetchOnly, impatient = false }) => {
  let child: ChildProcess;
  let errors = '';
  let ports: Ports;
  let patience: Promise<RawClient> | undefined;
  const said: Said[] = [];

  beforeAll(async () => {
    const [path, ...args] = command();
    child = spawn(path, [...args, SERVER], { stdio: ['ignore', 'pipe', 'pipe'] });
    const lines: string[] = [];
    let out = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      out += chunk.toString();
      lines.push(...out.split('\n').slice(0, -1));
      out = out.slice(out.lastIndexOf('\n') + 1);
      if (lines.length > 0) said.push(...lines.splice(0).map((line) => JSON.parse(line)));
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    await until('the server listens', () => said.length > 0 || child.exitCode !== null);
    if (said.length === 0) throw new Error(errors);
    ports = said.shift() as Ports;
    if (impatient) patience = open(ports.patient, '/');
  });

  afterAll(() => void child.kill());

  async function open(port: number, path: string, headers: Record<string, string> = {}) {
    const client = await connect({ port, tls: false });
    client.send(requestText({ path, headers }));
    return client;
  }

  async function ask(
    port: number,
    path: string,
    headers: Record<string, string> = {},
  ): Promise<RawResponse> {
    const client = await open(port, path, headers);
    const response = await client.response();
    client.socket.destroy();
    return response;
  }

  describe.each(['first', 'wrapped'] as const)('%s', (place) => {
    test('a fast answer is untouched', async () => {
      const response = await ask(ports[place], '/fast');
      expect(response).toMatchObject({ status: 203, body: '{"fast":true}' });
      expect(response.headers).not.toHaveProperty('holdopen');
    });

    test('a slow one is held', async () => {
      const response = await ask(ports[place], '/json', { Origin: 'http://page.example' });
      expect(response).toMatchObject({ status: 200, complete: true });
      expect(response.headers).toMatchObject({
        'content-type': 'application/json',
        holdopen: 'interval=60, format=json',
      });
      if (place === 'first') {
        expect(response.headers).toMatchObject({
          'access-control-allow-origin': 'http://page.example',
          'access-control-expose-headers': 'HoldOpen',
        });
      }
      const { beats, payload } = readHeldJson(response.body);
      expect(beats).toBeGreaterThan(1);
      expect(payload).toBe('{"a":"ü"}');
    });

    test('a late 201 stands in the late head, and middleware sees it', async () => {
      said.length = 0;
      const response = await ask(ports[place], '/created');
      expect(readHeldJson(response.body)).toMatchObject({
        lateHead: { status: 201, headers: [['location', '/7']] },
        payload: '{"id":7}',
      });
      await until('middleware has told', () => said.length > 0);
      expect(said).toEqual([{ path: '/created', status: 201 }]);
    });

    test.each(['/422', '/thrown'])('a late failure is cut: %s', async (path) => {
      said.length = 0;
      const response = await ask(ports[place], path);
      expect(response).toMatchObject({ status: 200, complete: false });
      expect(anyPrefixParses(response.body)).toBe(false);
      const status = path === '/422' ? 422 : 500;
      expect(readHeldJson(response.body).lateHead?.status).toBe(status);
      expect(JSON.parse(`${response.body}}`)).toMatchObject(
        path === '/422' ? { why: 'late' } : { message: 'late' },
      );
      await until('middleware has told', () => said.length > 0);
      expect(said).toMatchObject([{ path, status }]);
    });

    test('an event stream gets beats at its boundaries', async () => {
      const { body } = await ask(ports[place], '/events');
      expect(body).toMatch(
        /^data: 1\n\n: holdopen interval=60\n\n(: keepalive\n\n)*data: 2\n\n(: keepalive\n\n)*$/,
      );
    });

    test('the signal fires when a held client leaves', async () => {
      said.length = 0;
      const client = await open(ports[place], '/wait');
      await client.arrived('\n\n');
      await until('it is held', () => /format=json/.test(client.text));
      client.socket.destroy();
      await until('it is noticed', () => said.some(({ aborted }) => aborted !== undefined));
      expect(said[0]).toEqual({ aborted: 'HOLDOPEN_DISCONNECTED', state: 'gone' });
    });

    test('many at once do not mix', async () => {
      const ids = Array.from({ length: 20 }, (_, i) => String(i));
      const responses = await Promise.all(ids.map((id) => ask(ports[place], `/at/${id}`)));
      expect(responses.map(({ body }) => JSON.parse(body).id)).toEqual(ids);
    });
  });

  test('no late 304 from etag, and no condition to be seen', async () => {
    const response = await ask(ports.first, '/etag', { 'If-None-Match': '"v1"' });
    expect(response).toMatchObject({ status: 200, complete: true });
    expect(readHeldJson(response.body).payload).toBe('{"seen":null}');
  });

  test.runIf(fetchOnly)('not first it is refused, with the cure', async () => {
    const response = await ask(ports.second, '/json');
    expect(response.status).toBe(500);
    expect(JSON.parse(response.body)).toEqual({
      code: 'HOLDOPEN_WRONG_MOUNT',
      message: expect.stringContaining('export default holdOpen(app)'),
    });
  });

  test.runIf(!fetchOnly)('not first it is held', async () => {
    const response = await ask(ports.second, '/json');
    expect(readHeldJson(response.body).payload).toBe('{"a":"ü"}');
  });

  test.runIf(impatient)(
    'no idle time-out of the runtime ends what waits for its first beat',
    async () => {
      const client = await (patience as Promise<RawClient>);
      await vi.waitFor(() => expect(client.closed || client.text !== '').toBe(true), {
        timeout: 15_000,
        interval: 20,
      });
      const response = await client.response();
      expect(response).toMatchObject({ status: 200, complete: true });
      // Not sooner, as where the runtime cannot be asked for patience.
      expect(JSON.parse(response.body).heldAfterMs).toBeGreaterThan(6_500);
    },
  );
});
