// A journal under people and machines that mean no good.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { holdOpen } from '@holdopen/node';
import { createJournal, createLivePage, createMetrics, type Journal } from '@holdopen/observe';
import { createRuns } from '@holdopen/runs';
import { expect, onTestFinished, test, vi } from 'vitest';
import { quiet, until } from '../../../../test/support/until.js';
import { incidentsOf, temporaryDirectory, textOf } from './support.js';

function open(options: Partial<Parameters<typeof createJournal>[0]> = {}): {
  journal: Journal;
  directory: string;
} {
  const directory = temporaryDirectory();
  const journal = createJournal({ directory, heartbeatMs: 60_000, flushMs: 5, ...options });
  onTestFinished(() => journal.close());
  return { journal, directory };
}

function fail(journal: Journal): void {
  journal.onState({ state: 'failed', attempt: 1, error: { code: 'HOLDOPEN_RESET', bytes: 3 } });
}

test('a listener that rejects harms nobody', async () => {
  const rejected: unknown[] = [];
  const onRejection = (error: unknown): void => void rejected.push(error);
  process.on('unhandledRejection', onRejection);
  onTestFinished(() => void process.off('unhandledRejection', onRejection));
  const { journal } = open({
    onIncident: async () => {
      throw new Error('the chat is away');
    },
  });
  fail(journal);
  await quiet(50);
  expect(rejected).toEqual([]);
});

test('10,000 failures in one moment are all written, where the disk is well', async () => {
  const { journal, directory } = open();
  for (let i = 0; i < 10_000; i++) fail(journal);
  await journal.flush();
  expect(journal.status().dropped).toBe(0);
  expect((await incidentsOf(directory)).length).toBe(10_000);
});

const SCRIPT = `
import { createJournal } from '@holdopen/observe';
const [directory] = process.argv.slice(1);
const journal = createJournal({ directory, heartbeatMs: 60_000, flushMs: 5 });
process.on('uncaughtException', () => {});
setTimeout(() => { throw new RangeError('of no weight'); }, 20);
setTimeout(() => process.exit(0), 300);
`;

test('an error that the application has caught and outlived is no death', async () => {
  const directory = temporaryDirectory();
  const child = spawn(process.execPath, ['--input-type=module', '-e', SCRIPT, directory], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [code] = await once(child, 'exit');
  expect(code).toBe(0);
  expect(textOf(directory)).toContain('"kind":"end"');
  expect(await incidentsOf(directory)).toEqual([]);
});

test('the streams of a live page are no incidents and no disconnects', async () => {
  const { journal, directory } = open();
  const metrics = createMetrics();
  const live = createLivePage({ authorize: () => true, updateMs: 250 });
  onTestFinished(() => {
    live.close();
    metrics.stop();
  });
  const server = createServer((req, res) => live.middleware(req, res));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/live/events`;
  const left = new AbortController();
  const response = await fetch(url, { signal: left.signal });
  await response.body?.getReader().read();
  left.abort();
  await until(
    'it has left',
    () => new Promise((resolve) => server.getConnections((_, count) => resolve(count === 0))),
  );
  await quiet(100);
  await journal.flush();
  expect(await incidentsOf(directory)).toEqual([]);
  expect(await metrics.metricsText()).not.toMatch(/^holdopen_\w+\{method/m);
});

test('a response and its run that both fail have the id of the run, and so has who joined it', async () => {
  const { directory } = open();
  const runs = createRuns({ authorize: () => 'somebody' });
  onTestFinished(() => runs.close());
  let fails: () => void = () => {};
  const failing = new Promise<void>((resolve) => {
    fails = resolve;
  });
  const handler = holdOpen(
    async () => {
      await failing;
      throw new TypeError('x');
    },
    { firstBeatMs: 20, intervalMs: 50, runs, onLateOutcome: () => undefined },
  );
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const call = {
    method: 'POST',
    headers: { 'Idempotency-Key': '0b5f3d0e-3a53-4bb0-a3b2-8d8f0c7a3f11' },
  };
  const heads = [await fetch(url, call), await fetch(url, call)];
  fails();
  for (const head of heads) await head.text().catch(() => {});
  await until('all are written', async () => (await incidentsOf(directory)).length === 3);
  const incidents = await incidentsOf(directory);
  expect(incidents.map(({ subject }) => subject).sort()).toEqual(['hold', 'hold', 'run']);
  expect(new Set(incidents.map(({ run }) => run))).toEqual(new Set([expect.any(String)]));
});

test('a disk that has room for a little takes a little, and nothing of it again and again', async (context) => {
  const directory = temporaryDirectory();
  const size = 96 * 1_024;
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', directory]).status !== 0) {
    return context.skip('only root may mount');
  }
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const journal = createJournal({ directory, heartbeatMs: 60_000, flushMs: 5 });
  onTestFinished(async () => {
    warn.mockRestore();
    await journal.close();
    spawnSync('umount', ['-l', directory]);
  });
  await journal.flush();
  for (let i = 0; i < 5_000; i++) fail(journal);
  for (let i = 1; i <= 3; i++) {
    await journal.flush();
    spawnSync('mount', ['-o', `remount,size=${size * (i + 1)}`, directory]);
  }
  await journal.flush();
  const ids = (await incidentsOf(directory)).map(({ id }) => id);
  const lines = textOf(directory)
    .split('\n')
    .filter((one) => one.includes('"incident"'));
  expect(lines.length - ids.length).toBeLessThan(10);
  expect(ids.length).toBeGreaterThan(1_000);
});

test('a file that is full of half a line is ended on a line of its own', async (context) => {
  const directory = temporaryDirectory();
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', directory]);
  if (mounted.status !== 0) return context.skip('only root may mount');
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const journal = createJournal({
    directory,
    heartbeatMs: 60_000,
    flushMs: 5,
    maxFileBytes: 60 * 1_024,
  });
  onTestFinished(async () => {
    warn.mockRestore();
    await journal.close();
    spawnSync('umount', ['-l', directory]);
  });
  await journal.flush();
  for (let i = 0; i < 1_000; i++) fail(journal);
  await journal.flush();
  expect(journal.status().failing).toBe(true);
  spawnSync('mount', ['-o', 'remount,size=4m', directory]);
  await journal.flush();
  expect(textOf(directory)).toMatch(/^{"kind":"rotated"/m);
});

test('a journal that was closed while its disk failed begins no file when it is asked to write', async () => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  onTestFinished(() => warn.mockRestore());
  const directory = join(temporaryDirectory(), 'taken');
  writeFileSync(directory, 'a file');
  const journal = createJournal({ directory, heartbeatMs: 60_000, flushMs: 5 });
  fail(journal);
  await journal.flush();
  await journal.close();
  rmSync(directory);
  await journal.flush();
  expect(existsSync(directory)).toBe(false);
  expect(journal.status().file).toBe(undefined);
});
