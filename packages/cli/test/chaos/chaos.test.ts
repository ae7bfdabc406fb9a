import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { parseFault } from '../../src/chaos/fault-argument.js';
import { createProgram } from '../../src/index.js';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const TSCONFIG = fileURLToPath(new URL('../../../../tsconfig.test.json', import.meta.url));

const server = createServer((_req, res) => res.end('0123456789'.repeat(10)));
let target = '';
const children: ChildProcess[] = [];

beforeEach(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  target = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** The command as a process of its own, with what it has written. */
function chaos(...args: string[]) {
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN, 'chaos', ...args], {
    env: { ...process.env, TSX_TSCONFIG_PATH: TSCONFIG },
  });
  children.push(child);
  const got = { out: '', err: '' };
  child.stdout.on('data', (bytes) => {
    got.out += bytes;
  });
  child.stderr.on('data', (bytes) => {
    got.err += bytes;
  });
  const exit = once(child, 'close').then(([code]: number[]) => code);
  return {
    got,
    exit,
    interrupt: () => child.kill('SIGINT'),
    async url(): Promise<string> {
      const [url] = await vi.waitFor(
        () => /http:\/\/127\.0\.0\.1:\d+/.exec(got.out) ?? expect.fail(got.out + got.err),
        { timeout: 20_000 },
      );
      return url;
    },
  };
}

/** What a person sees who gives wrong arguments. */
async function refusal(...args: string[]): Promise<string> {
  let text = '';
  const stream = { write: (piece: string) => (text += piece) };
  const program = createProgram({ out: stream, err: stream });
  await expect(program.parseAsync(['chaos', ...args], { from: 'user' })).rejects.toMatchObject({
    exitCode: 1,
  });
  return text;
}

const askThrough = (url: string) => fetch(url).then((response) => response.text());

test('shows each connection, its plan and its end, and sums up at Ctrl-C', async () => {
  const run = chaos('--target', target, '--seed', '7', '--fault', 'cut:atByte=20,from=body');
  const url = await run.url();
  await expect(askThrough(url)).rejects.toThrow('terminated');
  await vi.waitFor(() => expect(run.got.out).toContain('by the path'));
  run.interrupt();
  expect(await run.exit).toBe(0);
  const [listening, opened, closed, , summary, end] = run.got.out.split('\n');
  expect(listening).toBe(`${url} leads to ${target}, seed 7. Ctrl-C ends it.`);
  expect(opened).toBe('#1 opened: cut atByte=20 of=response from=body how=rst');
  expect(closed).toMatch(/^#1 rst by the path \(cut\) after \d\.\d s, \d+ bytes up, \d+ down$/);
  expect(summary).toMatch(/^1 connections, \d+ bytes up, \d+ down$/);
  expect(end).toBe('      1  rst by the path (cut)');
});

test('--json gives every event as a line, and the same seed the same plans', async () => {
  const plansOf = async (...args: string[]) => {
    const faults = ['cut:atByte=1..1000000,chance=0.5', 'latency:delayMs=0..20', 'buffer'];
    const run = chaos(
      ...['--target', target, '--json', ...args],
      ...faults.flatMap((fault) => ['--fault', fault]),
    );
    const url = await run.url();
    for (let i = 0; i < 6; i++) await askThrough(url).catch(() => {});
    run.interrupt();
    expect(await run.exit).toBe(0);
    const events = run.got.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const [listening] = events;
    const summary = events.at(-1);
    expect(listening).toMatchObject({ event: 'listening', url, target });
    const opened = events.filter(({ event }) => event === 'opened');
    const closed = events.filter(({ event }) => event === 'closed');
    expect(closed).toHaveLength(opened.length);
    expect(closed[0]).toMatchObject({ number: 1, state: 'closed', end: {} });
    expect(summary).toMatchObject({ event: 'summary', opened: opened.length });
    return { seed: String(listening.seed), plans: opened.map(({ plan }) => plan) };
  };
  const first = await plansOf();
  const second = await plansOf('--seed', first.seed);
  const both = Math.min(first.plans.length, second.plans.length);
  expect(both).toBeGreaterThan(0);
  expect(second.plans.slice(0, both)).toEqual(first.plans.slice(0, both));
  expect(first.plans[0]).toContainEqual({ type: 'buffer' });
});

test('--for ends it by itself', async () => {
  const run = chaos('--target', target, '--for', '300ms');
  expect(await run.exit).toBe(0);
  expect(run.got.out).toContain('0 connections');
});

test('a port that is taken is said, with exit code 2', async () => {
  const other = createTcpServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const run = chaos('--target', target, '--listen', String(port));
  expect(await run.exit).toBe(2);
  expect(run.got.err).toContain(`EADDRINUSE: address already in use 127.0.0.1:${port}`);
  other.close();
});

describe('what cannot be done is refused, with the cure', () => {
  test.each([
    [[], /required option '--target/],
    [['--target', 'nowhere'], /the target is nowhere: give a port .* host:port/],
    [['--target', 'a:1', '--fault', 'idle'], /no fault "idle": give one of idle-kill/],
    [['--target', 'a:1', '--fault', 'cut'], /atByte of cut is undefined: give bytes/],
    [['--target', 'a:1', '--fault', 'cut:atByte'], /"atByte" of cut is no field: give name=value/],
    [['--target', 'a:1', '--fault', 'cut:at=5'], /cut has no at: it has atByte, of, from, how/],
    [['--target', 'a:1', '--fault', 'idle-kill:afterMs=3x'], /afterMs of idle-kill is "3x"/],
    [['--target', 'a:1', '--fault', 'cut:atByte=5m'], /atByte of cut is "5m": give bytes/],
    [['--target', 'a:1', '--fault', 'cut:atByte=1..5m'], /atByte of cut is "1\.\.5m": give bytes/],
    [
      ['--target', 'a:1', '--fault', 'silence:chance=1s'],
      /chance of silence is "1s": give a number/,
    ],
    [['--target', 'a:1', '--seed', 'x'], /give a whole number/],
    [['--target', 'a:1', '--seed', '1e30'], /seed is .*32 bits/],
    [['--target', 'a:1', '--for', 'ever'], /give a time above 0/],
    [['--target', 'a:1', '--listen', 'x:99999'], /give a port, or host:port/],
  ])('%j', async (args, message) => {
    expect(await refusal(...args)).toMatch(message);
  });
});

test('a time of whole milliseconds stays one, whatever its unit', () => {
  expect(parseFault('idle-kill:afterMs=1.001s..2m')).toEqual({
    type: 'idle-kill',
    afterMs: [1_001, 120_000],
  });
});

test('--help has every fault of the library, and examples', async () => {
  const { FAULT_FIELDS } = await import('@holdopen/faulty-path');
  let text = '';
  const stream = { write: (piece: string) => (text += piece) };
  const program = createProgram({ out: stream, err: stream });
  await expect(program.parseAsync(['chaos', '--help'], { from: 'user' })).rejects.toMatchObject({
    exitCode: 0,
  });
  for (const [type, fields] of Object.entries(FAULT_FIELDS)) {
    const [line] = new RegExp(`^ {2}${type}[: ].*`, 'm').exec(text) ?? [''];
    for (const field of Object.keys(fields)) expect(line).toContain(`${field}=`);
  }
  expect(text).toContain('holdopen chaos --target localhost:8000');
});
