// The code that the pages show, each block with what its page takes for granted around it.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './packages.js';

export interface Block {
  readonly page: string;
  /** From 1. */
  readonly number: number;
  readonly code: string;
}

/** What a reader has of his own: handlers, logins, servers. */
const READER = `
declare function workForMinutes(...input: unknown[]): Promise<{ answer: number }>;
declare function session(request: Request): Promise<{ userId: string; role: string } | undefined>;
declare function userOf(request: unknown): string | undefined;
declare function accessToken(): Promise<string>;
declare function show(...what: unknown[]): void;
declare function showState(state: string, delayMs: number | undefined): void;
declare const login: (request: any, response: any, next: () => void) => void;
declare const url: string;
declare const directory: string;
declare class UpstreamError extends Error {}
declare const server: import('node:http').Server;
declare const Deno: { serve(handler: (request: Request) => Response | Promise<Response>): void };
`;

const EXPRESS = `
declare const app: import('express').Express;
`;

const FAULTY_PATH = `
declare const path: import('@holdopen/faulty-path').FaultyPath;
`;

const HONO = `
import { Hono } from 'hono';
import { holdOpen } from '@holdopen/hono';
declare const app: Hono;
`;

/** What stood in an earlier block of the page, or is said in its words. */
const BEFORE: Readonly<Record<string, string>> = {
  'README.md 6': `${HONO}
    import type { Context } from 'hono';
    import { createRuns } from '@holdopen/runs';
    declare const handler: (c: Context) => Promise<Response>;`,
  'docs/extending.md 2': `
    import { holdOpen } from '@holdopen/express';
    declare const nTriples: import('@holdopen/express').BeatFormat;
    declare const app: import('express').Express;
    declare const construct: import('express').Handler;`,
  'docs/extending.md 3': `
    import type { RunStore } from '@holdopen/runs';
    interface Database { close(): Promise<void> }
    declare function emptyDatabase(): Promise<Database>;
    declare function openMyStore(database: Database): RunStore;`,
  'docs/incidents.md 2': `
    import { holdFetch } from '@holdopen/client';
    declare const journal: import('@holdopen/observe').Journal;`,
  'docs/incidents.md 3': `
    import { createJournal } from '@holdopen/observe';`,
  'docs/live.md 1': `
    declare const runs: import('@holdopen/runs').Runs;`,
  'docs/observe.md 1': EXPRESS,
  'docs/runs.md 1': `
    import type { Hono } from 'hono';
    declare const app: Hono;
    declare const handler: (request: Request) => Promise<Response>;`,
  'docs/runs.md 2': `
    import { drain } from '@holdopen/node';
    declare const runs: import('@holdopen/runs').Runs;`,
  'docs/runs.md 3': `${HONO}
    import type { Context } from 'hono';
    declare const runs: import('@holdopen/runs').Runs;
    declare const report: (c: Context) => Promise<Response>;
    declare const order: typeof report;`,
  'packages/fastify/README.md 2': `
    interface Session { encryptedSessionId: string; save(): Promise<void> }
    declare const request: import('fastify').FastifyRequest & { session: Session };
    interface Reply { setCookie(name: string, value: string, options: object): unknown }
    declare const reply: import('fastify').FastifyReply & Reply;`,
  'packages/fastify/README.md 4': `
    declare const app: import('fastify').FastifyInstance;`,
  'packages/faulty-path/README.md 1': `
    import { expect } from 'vitest';`,
  'packages/faulty-path/README.md 2': `
    import { createFaultyPath } from '@holdopen/faulty-path';`,
  'packages/faulty-path/README.md 3': FAULTY_PATH,
  'packages/hono/README.md 2': HONO,
  'packages/hono/README.md 3': HONO,
  'packages/observe/README.md 1': EXPRESS,
  'packages/observe/README.md 4': EXPRESS,
  'packages/runs/README.md 2': `
    declare function test(name: string, check: () => unknown): void;
    declare function openMyStore(): import('@holdopen/runs/conformance').ConformanceSubject;`,
};

/** Excerpts of files that are compiled where they lie; another test compares them. */
const EXCERPT = /^\/\/ (?:packages|examples)\//;

/** All blocks of TypeScript in the README, the docs and the packages' pages. */
export function codeBlocks(): Block[] {
  const packages = readdirSync(`${ROOT}packages`).map((name) => `packages/${name}/README.md`);
  const docs = readdirSync(`${ROOT}docs`).map((name) => `docs/${name}`);
  return ['README.md', ...docs, ...packages]
    .filter((page) => page.endsWith('.md') && existsSync(ROOT + page))
    .flatMap((page) => blocksOf(page));
}

function blocksOf(page: string): Block[] {
  const text = readFileSync(ROOT + page, 'utf8');
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)]
    .map(([, code = ''], index) => ({ page, number: index + 1, code }))
    .filter(({ code }) => !EXCERPT.test(code));
}

/** Lays the blocks down as modules of a project. Gives its configuration. */
export function writeBlocks(project: string, blocks: readonly Block[]): string {
  const folder = join(project, 'pages');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'reader.d.ts'), READER);
  for (const { page, number, code } of blocks) {
    const name = `${page.replaceAll(/\W/g, '-')}-${number}.ts`;
    writeFileSync(
      join(folder, name),
      `${BEFORE[`${page} ${number}`] ?? ''}\n${code}\nexport {};\n`,
    );
  }
  const config = join(folder, 'tsconfig.json');
  const compilerOptions = {
    target: 'ES2023',
    lib: ['ES2023', 'ESNext.Disposable', 'DOM', 'DOM.Iterable', 'DOM.AsyncIterable'],
    module: 'NodeNext',
    types: ['node'],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
  };
  writeFileSync(config, JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  return config;
}
