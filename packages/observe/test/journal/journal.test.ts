import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { holdOpen as expressHoldOpen } from '@holdopen/express';
import { type HoldOpenOptions, holdOpen, registry } from '@holdopen/node';
import { createJournal, type Incident, type Journal, type JournalOptions } from '@holdopen/observe';
import express from 'express';
import { expect, onTestFinished, test, vi } from 'vitest';
import { until } from '../../../../test/support/until.js';
import { filesOf, held, incidentsOf, temporaryDirectory, textOf } from './support.js';

const QUICK = { firstBeatMs: 20, intervalMs: 50, onLateOutcome: () => undefined };

function open(directory: string, options: Partial<JournalOptions> = {}): Journal {
  const journal = createJournal({ directory, heartbeatMs: 60_000, flushMs: 5, ...options });
  onTestFinished(() => journal.close());
  return journal;
}

async function serve(
  handler: (req: IncomingMessage, res: ServerResponse) => unknown,
  options: HoldOpenOptions = {},
): Promise<string> {
  const server = createServer(holdOpen(handler, { ...QUICK, ...options }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    // The next test's journal hears of all holds of the process.
    await until('all is over', () => registry.size === 0);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A call that fails in the journal's eyes, without a server. */
function fail(journal: Journal, error: object = { code: 'HOLDOPEN_RESET', bytes: 3 }): void {
  journal.onState({ state: 'failed', attempt: 1, error });
}

test('nothing personal is written down, wherever it is sent', async () => {
  const directory = temporaryDirectory();
  const journal = open(directory);
  const url = await serve(async (req, res) => {
    req.resume();
    res.setHeader('Set-Cookie', 'session=SECRET-1');
    res.setHeader('X-Own', 'SECRET-2');
    await held(req);
    throw Object.assign(new TypeError('SECRET-3 of mail@example.org'), {
      code: 'secret-4@example.org',
      cause: Object.assign(new Error('SECRET-5'), { name: 'SECRET 6\n', code: 'ECONNRESET' }),
      detail: 'SECRET-7',
    });
  });
  const call = request(`${url}/users/SECRET-8/x?token=SECRET-9#SECRET-10`, {
    method: 'POST',
    headers: {
      Authorization: 'Bearer SECRET-11',
      Cookie: 'a=SECRET-12',
      'Idempotency-Key': 'SECRET-13',
    },
  });
  call.on('error', () => {}).on('response', (res) => res.on('error', () => {}).resume());
  call.end('{"name":"SECRET-14"}');
  fail(journal, {
    code: 'HOLDOPEN_RESET',
    message: 'SECRET-15',
    method: 'GET',
    url: 'https://SECRET:SECRET@api.example.org/SECRET?SECRET',
    idempotencyKey: 'SECRET-16',
    cursor: 'SECRET-17',
    cause: new Error('SECRET-18'),
  });
  await until('both are written', async () => (await incidentsOf(directory)).length === 2);
  expect(textOf(directory)).not.toMatch(/secret|mail@|example\.org\//i);
  expect(await incidentsOf(directory)).toContainEqual(
    expect.objectContaining({
      subject: 'hold',
      cause: { name: 'TypeError', cause: { name: 'Error', code: 'ECONNRESET' } },
    }),
  );
  expect(await incidentsOf(directory)).toContainEqual(
    expect.objectContaining({ subject: 'call', route: 'GET api.example.org' }),
  );
});

test('a route is the pattern of its framework, and what has none is other or as it is called', async () => {
  const directory = temporaryDirectory();
  open(directory, {
    route: (request) => (request as IncomingMessage).headers['x-route']?.toString(),
  });
  const app = express();
  const fails = async (req: object) => {
    await held(req);
    throw new TypeError('x');
  };
  app.post('/users/:id/posts/:post', expressHoldOpen({ ...QUICK }), fails);
  const server = app.listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  const patterned = `http://127.0.0.1:${(server.address() as AddressInfo).port}/users/SECRET/posts/SECRET`;
  const plain = await serve(fails);
  const calls = [
    [patterned],
    [`${plain}/SECRET`],
    [`${plain}/SECRET`, { 'X-Route': '/named' }],
  ] as const;
  for (const [url, headers = {}] of calls) {
    await fetch(url, { method: 'POST', headers })
      .then((response) => response.text())
      .catch(() => {});
  }
  await until('all are written', async () => (await incidentsOf(directory)).length === 3);
  expect((await incidentsOf(directory)).map(({ route }) => route)).toEqual([
    'POST /users/:id/posts/:post',
    'POST other',
    'POST /named',
  ]);
  expect(textOf(directory)).not.toContain('SECRET');
});

test('a message of a cause is written down only if the application says so, and cut', async () => {
  const directory = temporaryDirectory();
  const journal = open(directory, {
    causeMessage: (error) => (error instanceof RangeError ? error.message : undefined),
  });
  fail(journal, {
    code: 'HOLDOPEN_RESET',
    cause: new RangeError(`no room${'x'.repeat(10_000_000)}`),
  });
  fail(journal, { code: 'HOLDOPEN_RESET', cause: new Error('SECRET') });
  await journal.flush();
  const [first, second] = await incidentsOf(directory);
  expect(first?.cause?.message).toMatch(/^no roomx{493}…$/);
  expect(second?.cause).toEqual({ name: 'Error' });
  expect(textOf(directory).length).toBeLessThan(3_000);
});

test('quick responses leave nothing behind', async () => {
  const directory = temporaryDirectory();
  const journal = open(directory);
  const url = await serve((_req, res) => {
    res.end('{}');
  });
  for (let i = 0; i < 30; i++) await (await fetch(url)).text();
  await journal.flush();
  expect(textOf(directory).trim().split('\n').length).toBe(2);
});

test('what is held and ends well is opened and closed, and is no incident', async () => {
  const directory = temporaryDirectory();
  open(directory);
  const url = await serve(async (req, res) => {
    await held(req);
    await until('it is written', () => textOf(directory).includes('"kind":"open"'));
    res.end('{}');
  });
  await (await fetch(url, { method: 'POST' })).text();
  await until('it is closed', () => textOf(directory).includes('"kind":"close"'));
  expect(textOf(directory)).toContain('"kind":"open"');
  expect(await incidentsOf(directory)).toEqual([]);
});

test('what is hostile stays on its line, and no terminal obeys it', async () => {
  const directory = temporaryDirectory();
  const journal = open(directory);
  const hostile = 'GET /\u001b[2J\n{"v":1}\r\u009b31m\u2028\u202e\ud800\ufeff\u0000"';
  const onState = journal.onStateOf(hostile + 'x'.repeat(1_000_000));
  onState({ state: 'failed', error: { code: 'HOLDOPEN_RESET' } });
  await journal.flush();
  const text = textOf(directory);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u202e\ufeff]/);
  expect(text.split('\n').filter((line) => line.includes('incident')).length).toBe(1);
  const [incident] = await incidentsOf(directory);
  expect(incident?.route?.startsWith(hostile.replace('\ud800', '\ufffd').slice(0, 8))).toBe(true);
  expect(incident?.route?.length).toBeLessThan(250);
});

test('an error whose members throw is an error all the same', async () => {
  const directory = temporaryDirectory();
  const journal = open(directory, {
    causeMessage: () => {
      throw new Error('x');
    },
  });
  const trap = new Proxy(new Error('x'), {
    get() {
      throw new Error('trap');
    },
  });
  fail(journal, { code: 'HOLDOPEN_RESET', cause: trap });
  const loop: { cause?: unknown } = {};
  loop.cause = loop;
  fail(journal, { code: 'HOLDOPEN_RESET', cause: loop });
  await journal.flush();
  expect((await incidentsOf(directory)).map(({ cause }) => cause?.name)).toEqual([
    'Error',
    'Object',
  ]);
});

test('files are for their owner alone, follow each other when full, and the oldest go', async () => {
  const directory = temporaryDirectory();
  const journal = open(directory, { maxFileBytes: 4_096, maxFiles: 3 });
  for (let i = 0; i < 200; i++) {
    fail(journal);
    await journal.flush();
  }
  await until('the oldest have gone', () => filesOf(directory).length <= 5);
  for (const name of filesOf(directory)) {
    const { mode, size } = statSync(join(directory, name));
    expect(mode & 0o777).toBe(0o600);
    expect(size).toBeLessThan(4_096 + 1_024);
  }
  expect(/"segment":([5-9]|\d\d)/.test(textOf(directory))).toBe(true);
  // All that is left is whole.
  const ids = (await incidentsOf(directory)).map(({ id }) =>
    Number.parseInt(id.split('-')[1] ?? '', 36),
  );
  expect(ids.at(-1)).toBe(200);
  expect(ids).toEqual(Array.from(ids, (_, i) => 201 - ids.length + i));
});

test('files that are too old go, and strangers stay', async () => {
  const directory = temporaryDirectory();
  const old = 'holdopen-20200101T000000000Z-0123456789ab-1.ndjson';
  for (const name of [old, 'mine.ndjson', 'holdopen-notes.txt']) {
    writeFileSync(join(directory, name), '');
    utimesSync(join(directory, name), new Date(2020, 0), new Date(2020, 0));
  }
  open(directory);
  await until('it has gone', () => !filesOf(directory).includes(old));
  expect(filesOf(directory)).toEqual(expect.arrayContaining(['mine.ndjson', 'holdopen-notes.txt']));
});

test('a disk that fails harms nobody: it is said once, and written when it comes back', async () => {
  const parent = temporaryDirectory();
  const directory = join(parent, 'incidents');
  // Root may write anywhere, but not below a file.
  writeFileSync(directory, '');
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  onTestFinished(() => warn.mockRestore());
  const told: Incident[] = [];
  const journal = open(directory, { onIncident: (one) => told.push(one) });
  fail(journal);
  await journal.flush();
  await journal.flush();
  expect(journal.status()).toMatchObject({ failing: true, incidents: 1, dropped: 0 });
  expect(journal.status().failures).toBeGreaterThanOrEqual(2);
  expect(warn).toHaveBeenCalledTimes(1);
  expect(String(warn.mock.calls[0]?.[0])).toContain(directory);
  expect(told.length).toBe(1);
  rmSync(directory);
  await journal.flush();
  expect(journal.status().failing).toBe(false);
  expect((await incidentsOf(directory)).length).toBe(1);
});

test('what waits for a failing disk is bounded and counted, and the gap is written down', async () => {
  const parent = temporaryDirectory();
  const directory = join(parent, 'incidents');
  writeFileSync(directory, '');
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  onTestFinished(() => warn.mockRestore());
  const journal = open(directory);
  for (let i = 0; i < 100_000; i++) fail(journal);
  await journal.flush();
  const { dropped } = journal.status();
  expect(dropped).toBeGreaterThan(10_000);
  expect(dropped).toBeLessThan(70_000);
  rmSync(directory);
  await journal.flush();
  expect((await incidentsOf(directory)).length).toBe(100_000 - dropped);
  expect(textOf(directory)).toContain(`"kind":"gap"`);
});

test('a listener that throws harms nobody, and the latest are at hand', async () => {
  const directory = temporaryDirectory();
  const journal = open(directory, {
    onIncident() {
      throw new Error('x');
    },
  });
  for (let i = 0; i < 150; i++) fail(journal);
  const recent = journal.recent();
  expect(recent.length).toBe(100);
  expect(Number.parseInt(recent[0]?.id.split('-')[1] ?? '', 36)).toBe(150);
  await journal.flush();
});

test('after it was closed nothing is written', async () => {
  const directory = temporaryDirectory();
  const journal = createJournal({ directory, flushMs: 5 });
  await journal.close();
  await journal.close();
  fail(journal);
  await journal.flush();
  expect(await incidentsOf(directory)).toEqual([]);
  expect(readdirSync(directory).every((name) => !name.includes('.live.'))).toBe(true);
});

test.each<[string, object, RegExp]>([
  ['no directory', {}, /directory is undefined; it must name a directory/],
  ['an unknown option', { directory: 'x', dir: 1 }, /no option "dir"\. It has: directory/],
  ['a heartbeat of 0', { directory: 'x', heartbeatMs: 0 }, /heartbeatMs is 0; it must be a number/],
  [
    'no patience',
    { directory: 'x', heartbeatMs: 1_000, staleAfterMs: 1_000 },
    /staleAfterMs \(1000\) must be at least two heartbeats/,
  ],
  [
    'a listener that is none',
    { directory: 'x', onIncident: 1 },
    /onIncident is 1; it must be a function/,
  ],
])('%s is an error that names the fix', (_name, options, message) => {
  expect(() => createJournal(options as JournalOptions)).toThrow(message);
});

test('a directory is made with all above it', async () => {
  const directory = join(temporaryDirectory(), 'a', 'b');
  mkdirSync(join(directory, '..'));
  const journal = open(directory);
  await journal.flush();
  expect(filesOf(directory).length).toBe(1);
});

test('silences that each need one beat are counted each', async () => {
  const directory = temporaryDirectory();
  const journal = open(directory);
  const url = await serve(async (_req, res) => {
    res.writeHead(200, { 'Content-Type': 'text/event-stream' });
    for (let i = 0; i < 6; i++) {
      res.write('data: 1\n\n');
      const before = registry.active().next().value?.beats ?? 0;
      await until('it beats', () => (registry.active().next().value?.beats ?? 0) > before);
    }
    res.destroy();
  });
  await fetch(url, { headers: { Accept: 'text/event-stream' } }).then(
    (response) => response.text().catch(() => {}),
    () => {},
  );
  await until('it is told', () => journal.recent().length > 0);
  const [{ beats = 0, silences } = { silences: 0 }] = journal.recent();
  expect(beats).toBeGreaterThanOrEqual(6);
  expect(silences).toBe(6);
});
