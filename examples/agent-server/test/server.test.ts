import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type AgentServer, startAgentServer } from '../src/server.js';
import type { Session } from '../src/sessions.js';

const ROUTES = ['/session/demo/message', '/unwrapped/session/demo/message'];
/** Longer than any test may take: whoever waits for this tool has lost. */
const ENDLESS_MS = 600_000;
/** For a condition, in milliseconds. */
const PATIENCE = 10_000;

let folder: string;
let quick: AgentServer;
let patient: AgentServer;
const logged: string[] = [];

/** The child processes of this one. Node takes one off its list a moment after its `close`. */
const tools = () => process.getActiveResourcesInfo().filter((name) => name === 'ProcessWrap');

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'agent-server-test-')));
  const root = join(folder, 'root');
  for (const directory of ['root/src/deep', 'root/node_modules/a', 'root/.git', 'outside']) {
    await mkdir(join(folder, directory), { recursive: true });
  }
  await writeFile(join(root, 'src/one.ts'), 'const a = 1;\nconst b = 2;\n');
  await writeFile(join(root, 'src/deep/two.ts'), 'no line feed at the end');
  await writeFile(join(root, 'picture.md'), Buffer.alloc(100_000));
  await writeFile(join(root, 'node_modules/a/skipped.ts'), 'x\n');
  await writeFile(join(root, '.git/skipped'), 'x\n');
  await writeFile(join(folder, 'outside/secret.txt'), 'secret\n');
  await symlink(join(folder, 'outside'), join(root, 'way-out'));
  await symlink(join(folder, 'outside/secret.txt'), join(root, 'src/secret.txt'));
  await symlink(join(root, 'src/deep'), join(root, 'short-cut'));

  const log = (line: string) => logged.push(line);
  quick = await startAgentServer({ root, intervalMs: 100, log });
  patient = await startAgentServer({ root, intervalMs: 60_000, log });
});

afterAll(async () => {
  await quick?.close();
  await patient?.close();
  await rm(folder, { recursive: true, force: true });
});

function post(server: AgentServer, path: string, body: unknown, init: RequestInit = {}) {
  return fetch(`http://127.0.0.1:${server.port}${path}`, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...init,
  });
}

describe('the survey', () => {
  test('is of the real files, without node_modules, .git and links', async () => {
    const [held, unwrapped] = await Promise.all(
      ROUTES.map(async (route) => (await post(patient, route, { toolMs: 0 })).json()),
    );
    expect(held).toEqual(unwrapped);
    const sha256 = (content: string | Buffer) => createHash('sha256').update(content).digest('hex');
    expect(held).toEqual({
      session: 'demo',
      path: '.',
      files: 3,
      bytes: 26 + 23 + 100_000,
      truncated: false,
      unreadable: 0,
      languages: [
        { name: 'TypeScript', files: 2, lines: 3 },
        { name: 'binary', files: 1, lines: 0 },
      ],
      largest: [
        { path: 'picture.md', bytes: 100_000 },
        { path: 'src/one.ts', bytes: 26 },
        { path: 'src/deep/two.ts', bytes: 23 },
      ],
      sha256: {
        'picture.md': sha256(Buffer.alloc(100_000)),
        'src/one.ts': sha256('const a = 1;\nconst b = 2;\n'),
        'src/deep/two.ts': sha256('no line feed at the end'),
      },
    });
  });

  test('takes the time it was asked to take', async () => {
    const start = performance.now();
    const response = await post(quick, ROUTES[0] ?? '', { toolMs: 1_000, path: 'src' });
    expect(await response.json()).toMatchObject({ path: 'src', files: 2 });
    expect(performance.now() - start).toBeGreaterThan(950);
  });

  test('may be of a directory that a link within the root leads to', async () => {
    const response = await post(patient, ROUTES[0] ?? '', { toolMs: 0, path: 'short-cut' });
    expect(await response.json()).toMatchObject({ files: 1, largest: [{ path: 'two.ts' }] });
  });
});

describe('sessions', () => {
  test('are created, take messages and are listed', async () => {
    const created = await post(patient, '/session', '');
    expect(created.status).toBe(201);
    const { id } = (await created.json()) as Session;
    expect((await post(patient, `/session/${id}/message`, { toolMs: 0 })).status).toBe(200);

    const list = await (await fetch(`http://127.0.0.1:${patient.port}/session`)).json();
    expect(list).toContainEqual(expect.objectContaining({ id, messages: 1 }));
  });

  test.each(['/session/nobody/message', '/unwrapped/session/nobody/message'])(
    'that do not exist are a 404 at once: %s',
    async (route) => {
      const response = await post(quick, route, { toolMs: ENDLESS_MS });
      expect(response.status).toBe(404);
      expect(await response.json()).toEqual({ error: expect.stringContaining('POST /session') });
    },
  );
});

describe.each(ROUTES)('%s refuses at once', (route) => {
  test.each([
    ['no JSON', '{"toolMs":', 'not JSON'],
    ['no body', '', 'not JSON'],
    ['an array', [], 'not a JSON object'],
    ['null', null, 'not a JSON object'],
    ['a path that is no string', { path: 1 }, 'path is not'],
    ['a time that is a string', { toolMs: '6000' }, 'toolMs is not'],
    ['a negative time', { toolMs: -1 }, 'toolMs is not'],
    ['a time that is too long', { toolMs: 600_001 }, 'toolMs is not'],
    ['a fail that is no boolean', { fail: 'yes' }, 'fail is neither'],
    ['a member that is not known', { tool_ms: 5 }, '"tool_ms" is not known'],
    ['a path that does not exist', { path: 'nowhere' }, 'does not exist'],
    ['a path that is a file', { path: 'picture.md' }, 'is not a directory'],
    ['a path with a NUL', { path: 'src\0' }, 'does not exist'],
  ])('%s with 400', async (_name, body, message) => {
    const order =
      typeof body === 'object' && body !== null && !Array.isArray(body)
        ? { toolMs: ENDLESS_MS, ...body }
        : body;
    const response = await post(quick, route, order);
    expect(response.status).toBe(400);
    expect(response.headers.get('holdopen')).toBeNull();
    expect(await response.json()).toEqual({ error: expect.stringContaining(message) });
  });

  test.each([
    ['..'],
    ['../outside'],
    ['src/../../outside'],
    ['/'],
    ['way-out'],
    ['way-out/../outside'],
    ['../root-of-another-name'],
  ])('the path %s with 400, for it leads out', async (path) => {
    const response = await post(quick, route, { path, toolMs: ENDLESS_MS });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      error: expect.stringMatching(/leads out of|does not exist/),
    });
  });

  test('a body that is too large with 413', async () => {
    const response = await post(quick, route, JSON.stringify({ path: 'x'.repeat(1_000_000) }));
    expect(response.status).toBe(413);
    expect(await response.json()).toEqual({ error: expect.stringContaining('16384') });
  });

  test('other methods with 405', async () => {
    const response = await fetch(`http://127.0.0.1:${quick.port}${route}`);
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('POST');
  });

  test('a tool that fails quickly with its true 502', async () => {
    const response = await post(patient, route, { toolMs: 0, fail: true });
    expect(response.status).toBe(502);
    expect(await response.json()).toEqual({ error: expect.stringContaining('not be filed') });
  });
});

test.each(['/', '/sessions', '/session/demo', '/session/demo/message/1', '/session//message'])(
  'there is nothing at %s',
  async (path) => {
    expect((await post(quick, path, {})).status).toBe(404);
  },
);

describe('a client that leaves', () => {
  test('before the first beat takes its tool along', async () => {
    for (const route of ROUTES) await leave(patient, route, async () => {});
  });

  test('after the first beat takes its tool along', async () => {
    await leave(quick, ROUTES[0] ?? '', async (response) => {
      const reader = (await response).body?.getReader();
      expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('\n');
    });
  });

  async function leave(
    server: AgentServer,
    route: string,
    until: (response: Promise<Response>) => Promise<void>,
  ) {
    await vi.waitFor(() => expect(tools()).toHaveLength(0), PATIENCE);
    const client = new AbortController();
    const response = post(server, route, { toolMs: ENDLESS_MS }, { signal: client.signal });
    response.catch(() => {});
    await vi.waitFor(() => expect(tools()).toHaveLength(1), PATIENCE);
    await until(response);

    logged.length = 0;
    client.abort();
    await vi.waitFor(() => expect(tools()).toHaveLength(0), PATIENCE);
    await server.idle();
    expect(logged).toEqual([`POST ${route}: the client left, its work was stopped`]);
  }
});

test('close ends the tools that are running', async () => {
  await vi.waitFor(() => expect(tools()).toHaveLength(0), PATIENCE);
  const server = await startAgentServer({ root: folder, intervalMs: 100, log: () => {} });
  const responses = ROUTES.map((route) => post(server, route, { toolMs: ENDLESS_MS }));
  const results = Promise.allSettled(responses.map(async (response) => (await response).text()));
  await vi.waitFor(() => expect(tools()).toHaveLength(2), PATIENCE);
  await server.close();
  await vi.waitFor(() => expect(tools()).toHaveLength(0), PATIENCE);
  expect((await results).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});
