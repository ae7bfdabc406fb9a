import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Question, requestText } from '../../packages/node/test/held/support/ask.js';
import { until } from '../../packages/node/test/held/support/wait.js';
import {
  connect,
  type RawClient,
  readResponse,
} from '../../packages/node/test/held/support/wire.js';
import { bun, deno, newestNode } from '../runtimes.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SERVER = fileURLToPath(new URL('./server.mjs', import.meta.url));

const RUNTIMES: [name: string, command: () => [string, ...string[]]][] = [
  ['the newest Node', () => [newestNode()]],
  ['Bun', () => [bun(), 'run']],
  ['Deno', () => [deno(), 'run', '--allow-all']],
];

interface Said {
  readonly ports?: Readonly<Record<string, number>>;
  readonly started?: string;
  readonly run?: string;
  readonly heard?: string;
  readonly closed?: string;
  readonly gone?: string;
  readonly isWhole?: boolean;
  readonly name?: string;
}

/** Other runtimes run what was built. */
beforeAll(() => {
  const projects = ['express', 'fastify', 'node', 'runs'].map((name) => `packages/${name}`);
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-b', ...projects], {
    cwd: ROOT,
  });
});

describe.each(RUNTIMES)('runs on %s', (_runtime, command) => {
  let child: ChildProcess;
  let errors = '';
  const said: Said[] = [];

  beforeAll(async () => {
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
    await until('the servers listen', () => said.length > 0 || child.exitCode !== null);
    if (said[0]?.ports === undefined) throw new Error(errors);
  });

  afterAll(() => {
    child.kill();
  });

  describe.each(['node:http', 'Express', 'Fastify'])('below %s', (server) => {
    const port = (): number => said[0]?.ports?.[server] ?? 0;
    const user = { 'x-user': 'ann' };

    const post = (path: string, key?: string, body = '{"n":2}'): Question => ({
      method: 'POST',
      path,
      body,
      headers: {
        ...user,
        'content-type': 'text/x-own',
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
    });

    async function begin(question: Question): Promise<RawClient> {
      const client = await connect({ port: port(), tls: false });
      client.send(requestText(question));
      return client;
    }

    async function ask(question: Question) {
      const client = await begin(question);
      const response = await client.response();
      client.socket.destroy();
      return response;
    }

    /** A name of its own for each work, so that what is said of it is said of no other. */
    const nameOf = (what: string): string => `${what}-${randomUUID()}`;

    /** Gives the id of its run. */
    async function started(name: string): Promise<string> {
      const first = (): Said | undefined => said.find((one) => one.started === name);
      await until(`${name} has started: ${errors}`, () => first() !== undefined);
      return first()?.run ?? '';
    }

    const open = async (name: string): Promise<void> => {
      expect((await ask(post(`/open?gate=${name}`))).status).toBe(200);
    };

    /** How many watch the run that works. */
    async function watchersOf(id: string): Promise<unknown> {
      const { body } = await ask({ path: `/runs/${id}`, headers: user });
      return (JSON.parse(body) as { watchers?: unknown }).watchers;
    }

    async function untilWatched(id: string, count: number): Promise<void> {
      let seen: unknown;
      for (const start = performance.now(); seen !== count; seen = await watchersOf(id)) {
        if (performance.now() - start > 8_000) throw new Error(`${seen} watch, not ${count}`);
      }
    }

    test('a key starts its work once, a second request waits with the first, a third gets what is recorded', async () => {
      const name = nameOf('slow');
      const question = post(`/read?name=${name}`, randomUUID());
      const first = await begin(question);
      const id = await started(name);
      const second = await begin(question);
      await untilWatched(id, 2);
      await open(name);
      const body = JSON.stringify({ name, starts: 1, text: '{"n":2}' });
      for (const client of [first, second, await begin(question)]) {
        expect(await client.response()).toMatchObject({ status: 200, body, complete: true });
        client.socket.destroy();
      }
      expect((await ask({ ...question, body: '{"n":3}' })).status).toBe(422);
      expect(said.filter((one) => one.started === name)).toHaveLength(1);
    });

    test.each(['/work', '/read'])(
      'a client that leaves does not stop its work at %s',
      async (path) => {
        const name = nameOf('slow');
        const question = post(`${path}?name=${name}`, randomUUID());
        const client = await begin(question);
        const id = await started(name);
        client.socket.destroy();
        await until('it is noticed', () => said.some(({ gone }) => gone === name));
        await untilWatched(id, 0);
        await open(name);
        const again = await ask(question);
        expect(again).toMatchObject({ status: 200, complete: true });
        expect(JSON.parse(again.body)).toMatchObject({ name, starts: 1 });
        await until('its response is over', () => said.some(({ closed }) => closed === name));
        const words = said.filter((one) => one.name === name || one.closed === name);
        expect(words).toEqual([{ closed: name, isWhole: true }]);
      },
    );

    test('a slow answer is held, and then it is whole', async () => {
      const name = nameOf('slow');
      const question = post(`/held?name=${name}`, randomUUID());
      const client = await begin(question);
      await started(name);
      const body = (): string => readResponse(client.received)?.body ?? '';
      await until('there are beats', () => body().length > 3);
      expect(body().trim()).toBe('');
      await open(name);
      expect(await client.response()).toMatchObject({ status: 200, complete: true });
      expect(JSON.parse(body())).toEqual({ name, starts: 1 });
      expect(JSON.parse((await ask(question)).body)).toEqual({ name, starts: 1 });
      client.socket.destroy();
    });

    test('a client that leaves an event stream gets all of it when it comes back', async () => {
      const name = nameOf('slow');
      const question = post(`/events?name=${name}`, randomUUID());
      const client = await begin(question);
      await client.arrived('data: 1\n\n');
      const id = await started(name);
      client.socket.destroy();
      await untilWatched(id, 0);
      await open(name);
      const { body, complete } = await ask(question);
      expect(complete).toBe(true);
      expect(body.match(/^data: .*$/gm)).toEqual(['data: 1', 'data: 2', 'data: 1 start']);
      expect(body).not.toContain('event: error');
    });

    test.each(['/work', '/read'])('a connection goes on after each answer at %s', async (path) => {
      const name = nameOf('quick');
      const at = `${path}?name=${name}`;
      const key = randomUUID();
      const questions: [Question, number][] = [
        [post(at, key), 1],
        [post(at, key), 1],
        [post(at), 2],
        [post(at, randomUUID()), 3],
        [post(at, randomUUID(), 'x'.repeat(200_000)), 4],
        [post(at), 5],
      ];
      const client = await connect({ port: port(), tls: false });
      for (const [question, starts] of questions) {
        const before = client.received.length;
        client.send(requestText(question));
        const response = () => readResponse(client.received.subarray(before));
        await until(`start ${starts} is answered`, () => response()?.complete === true);
        expect(response()).toMatchObject({ status: 200, rest: Buffer.alloc(0) });
        expect(JSON.parse(response()?.body ?? '')).toMatchObject({ name, starts });
      }
      expect(client.closed).toBe(false);
      client.socket.destroy();
    });

    test.each(['/drain', '/whole', '/sized'])(
      'an answer of 4 MB arrives whole: %s',
      async (path) => {
        const headers = { ...user, 'idempotency-key': randomUUID() };
        for (let i = 0; i < 2; i += 1) {
          const reply = await fetch(`http://127.0.0.1:${port()}${path}`, {
            ...{ method: 'POST', headers, body: '{"n":2}' },
            signal: AbortSignal.timeout(8_000),
          });
          const text = await reply.text();
          expect(text).toHaveLength(4_000_000);
          for (let n = 0; n < 40; n += 1) {
            expect(text.slice(n * 100_000, n * 100_000 + 50)).toBe(`${n}`.padEnd(50, `${n},`));
          }
        }
      },
    );
  });
});
