/** What npm delivers: it installs, loads and works in an empty project, and the pages show how. */
import { execFile } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import cli from '../../packages/cli/package.json' with { type: 'json' };
import { bun, deno, newestNode } from '../runtimes.js';
import { type Answer, firstRoutes, startFirstRoute } from './first-routes.js';
import { entries, installPacked, ROOT } from './packages.js';
import { codeBlocks, writeBlocks } from './pages.js';

const run = promisify(execFile);

/** What the adapters are for, and the types that the pages need. */
const OTHERS = [
  'express@5',
  '@types/express@5',
  'fastify@5',
  'hono@4',
  '@hono/node-server@2',
  '@types/node@20',
  'undici@7',
  '@opentelemetry/api@1',
  'vitest@4',
];

const RUNTIMES: [name: string, command: () => string[]][] = [
  ['the oldest Node', () => [process.execPath]],
  ['the newest Node', () => [newestNode()]],
  ['Bun', () => [bun()]],
  ['Deno', () => [deno(), 'run', '--allow-all', '--quiet']],
];

const ADAPTERS = ['node', 'express', 'fastify', 'hono', 'fetch'];
const HELD = [422, true, { answer: 42 }];
const PLAIN = [200, false, { answer: 42 }];
const tsc = `${ROOT}node_modules/typescript/bin/tsc`;

let project: string;
/** They are called from the start, since they are silent for most of their time. */
let answers: (() => Promise<Answer>)[];

beforeAll(async () => {
  project = await installPacked(OTHERS);
  answers = await Promise.all(firstRoutes().map((route) => startFirstRoute(project, route)));
}, 180_000);

afterAll(() => rm(project, { recursive: true, force: true }));

async function output([program = '', ...args]: readonly string[]): Promise<string> {
  const { stdout } = await run(program, args, { cwd: project, timeout: 60_000 });
  return stdout;
}

describe.each(RUNTIMES)('on %s', (_name, command) => {
  test('every entry of every package loads', async () => {
    const names = JSON.stringify(entries());
    const script = join(project, 'load.mjs');
    writeFileSync(
      script,
      `for (const name of ${names}) {
        const entry = await import(name);
        if (Object.keys(entry).length === 0) throw new Error(name + ' has nothing');
        console.log(name);
      }
      process.exit(0);`,
    );
    expect((await output([...command(), script])).trim().split('\n')).toEqual(entries());
  });

  test.each(['client-first', 'server-first'])(
    'every adapter holds a slow answer, and the client knows its true status: %s',
    async (order) => {
      const script = join(project, 'use.mjs');
      copyFileSync(join(import.meta.dirname, 'use.mjs'), script);
      const lines = (await output([...command(), script, order, ...ADAPTERS])).trim().split('\n');
      // @hono/node-server tells the console of a cut.
      expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({
        ...Object.fromEntries(ADAPTERS.map((adapter) => [adapter, HELD])),
        json: PLAIN,
        text: PLAIN,
        arrayBuffer: PLAIN,
        blob: PLAIN,
      });
    },
  );
});

test('the command starts', async () => {
  expect(await output(['npx', 'holdopen', '--version'])).toBe(`${cli.version}\n`);
});

describe('the first routes of the README', () => {
  test('are there for each adapter', () => {
    const installed = firstRoutes().flatMap(({ packages }) => packages);
    expect(new Set(installed)).toEqual(
      new Set([
        ...ADAPTERS.map((adapter) => `@holdopen/${adapter}`),
        ...['express', 'fastify', 'hono', '@hono/node-server'],
      ]),
    );
  });

  test.each(firstRoutes().map((route, at) => ({ ...route, at })))(
    '$name: $command: beats, then the JSON',
    async ({ at }) => {
      const answer = await answers[at]?.();
      expect(answer?.holdOpen).toBe('interval=8000, format=json');
      expect(answer?.chunks[0]).toBe('\n');
      expect(JSON.parse(answer?.chunks.join('') ?? '')).toEqual({ answer: 42 });
    },
  );
});

describe('the code of the pages', () => {
  const complaints = (config: string) =>
    output([process.execPath, tsc, '-p', config]).catch(
      (error: { stdout?: string }) => error.stdout ?? String(error),
    );

  test('is right for the packages as they are installed', async () => {
    const blocks = codeBlocks();
    expect(blocks.length).toBeGreaterThan(20);
    expect(await complaints(writeBlocks(project, blocks))).toBe('');
  });

  test('would be seen to be wrong', async () => {
    const code = `import { holdFetch } from '@holdopen/client';\nholdFetch('/', { holdOpen: { retries: 1 } });`;
    const wrong = { page: 'wrong.md', number: 1, code };
    expect(await complaints(writeBlocks(project, [wrong]))).toContain('retries');
  });
});
