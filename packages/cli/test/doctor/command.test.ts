import { type ChildProcess, spawn } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { holdOpen } from '@holdopen/node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createProgram } from '../../src/program.js';
import { close, listen } from './support/listen.js';

const repository = join(import.meta.dirname, '../../../..');

let server: Server;
let url: string;
let lastRequest: { method: string | undefined; type: string | undefined; body: string };

beforeAll(async () => {
  const held = holdOpen(
    async (_req, res) => {
      await delay(700);
      res.setHeader('Content-Type', 'application/json');
      res.end('{}');
    },
    { intervalMs: 100 },
  );
  server = createServer(async (req, res) => {
    if (req.url === '/gone') res.writeHead(404).end();
    else if (req.url === '/endless') {
      res.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(': hi\n\n');
    } else if (req.url === '/echo') {
      lastRequest = {
        method: req.method,
        type: req.headers['content-type'],
        body: await text(req),
      };
      res.end();
    } else held(req, res);
  });
  url = `http://127.0.0.1:${await listen(server)}`;
});
afterAll(() => close(server));

function start(...args: string[]): ChildProcess & { exit: Promise<number | null> } {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', 'packages/cli/src/main.ts', 'doctor', ...args],
    {
      cwd: repository,
      env: { ...process.env, TSX_TSCONFIG_PATH: join(repository, 'tsconfig.test.json') },
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  );
  const exit = new Promise<number | null>((resolve) => child.once('close', resolve));
  return Object.assign(child, { exit });
}

async function run(args: string[], input = '') {
  const child = start(...args);
  child.stdin?.end(input);
  const [out, err, exit] = await Promise.all([
    child.stdout === null ? '' : text(child.stdout),
    child.stderr === null ? '' : text(child.stderr),
    child.exit,
  ]);
  return { out, err, exit };
}

/** The same without a process of its own, and what it says to standard error. */
function started(...args: string[]) {
  let said = '';
  const out = { write: () => {} };
  const program = createProgram({ out, err: { write: (line) => (said += line) } });
  const ended = program.parseAsync(['doctor', ...args], { from: 'user' });
  return { ended, said: () => said };
}

test('what is well is drawn without colours where nobody looks, and ends with 0', async () => {
  const { out, err, exit } = await run([`${url}/held`]);
  expect(out).toContain('✓ Beats get through one by one');
  expect(out).not.toContain('\x1b');
  expect({ err, exit }).toEqual({ err: '', exit: 0 });
});

test('what is not ends with 1, as JSON too', async () => {
  const { out, exit } = await run([`${url}/gone`, '--json']);
  expect(JSON.parse(out)).toMatchObject({ verdict: { isWell: false } });
  expect(exit).toBe(1);
});

test.each([
  [['ftp://example.com'], 'Only http:// and https://'],
  [['http://user:secret@example.com'], "-H 'Authorization"],
  [['http://example.com', '-H', 'no colon'], "'Name: value'"],
  [['http://example.com', '-H', 'Bad: a\u0001b'], "'Name: value'"],
  [['http://example.com', '-X', 'CONNECT'], 'method'],
  [['http://example.com', '--max-wait', 'long'], '90s'],
  [['http://example.com', '--beats', '1'], 'from 2'],
  [['http://example.com', '--origin', 'https://app.example.com/path'], 'origin'],
  [['http://example.com', '--http1', '--http2'], 'exclude each other'],
  [['http://example.com', '--credentials'], '--origin'],
  [['http://example.com', '-d', '@/no/such/file'], 'no such file'],
  [['http://example.com', '--width', 'wide'], 'columns'],
  [[], 'url'],
])('%j is refused, and how it is done is said', async (args, says) => {
  const { ended, said } = started(...args);
  await expect(ended).rejects.toThrow();
  expect(said()).toContain(says);
});

test('what is refused ends with 2', async () => {
  const { out, err, exit } = await run(['http://example.com', '--max-wait', 'long']);
  expect({ out, exit }).toEqual({ out: '', exit: 2 });
  expect(err).toContain('--max-wait');
});

test('a body comes from the arguments, a file or standard input', async () => {
  const file = join(tmpdir(), `doctor-${process.pid}.txt`);
  await writeFile(file, 'month=10');
  try {
    await started(`${url}/echo`, '-d', '{"a":1}').ended;
    expect(lastRequest).toEqual({ method: 'POST', type: 'application/json', body: '{"a":1}' });
    await started(`${url}/echo`, '-d', `@${file}`, '-X', 'put').ended;
    expect(lastRequest).toEqual({
      method: 'PUT',
      type: 'application/x-www-form-urlencoded',
      body: 'month=10',
    });
    await run([`${url}/echo`, '-d', '@-', '-H', 'Content-Type: text/plain'], 'from a pipe');
    expect(lastRequest).toEqual({ method: 'POST', type: 'text/plain', body: 'from a pipe' });
  } finally {
    await rm(file);
  }
});

test('standard input is waited for', async () => {
  const child = start(`${url}/echo`, '-d', '@-');
  // A pipe that is empty when it is first read.
  setTimeout(() => child.stdin?.end('late'), 2_500);
  expect(await child.exit).toBe(0);
  expect(lastRequest.body).toBe('late');
});

test('Ctrl-C ends the waiting, and what was seen is reported', async () => {
  const child = start(`${url}/endless`, '--json');
  const arrived = new Promise<void>((resolve) => server.once('request', () => resolve()));
  const out = child.stdout === null ? Promise.resolve('') : text(child.stdout);
  await arrived;
  child.kill('SIGINT');
  const report = JSON.parse(await out);
  expect(report.ending).toEqual({ how: 'stopped', why: 'interrupted' });
  expect(await child.exit).toBe(report.verdict.isWell ? 0 : 1);
});

test('--help has examples and the exit codes', async () => {
  const { out, exit } = await run(['--help']);
  expect(out).toMatch(/Examples:\n {2}holdopen doctor https/);
  expect(out).toContain('Exit codes: 0');
  expect(exit).toBe(0);
});
