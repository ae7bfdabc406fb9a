import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { classify, createJournal, Survey } from '@holdopen/observe';
import { expect, onTestFinished, test } from 'vitest';
import { quiet, until } from '../../../../test/support/until.js';
import { filesOf, incidentsOf, startServer, temporaryDirectory, textOf } from './support.js';

const WORK = { method: 'POST', body: '{}' };

/** A call that is under way in that process. */
async function begin(directory: string, url: string): Promise<void> {
  const before = textOf(directory).split('"kind":"open"').length;
  fetch(`${url}/work`, WORK).then(
    (response) => response.text().catch(() => {}),
    () => {},
  );
  await until('it is held', () => textOf(directory).split('"kind":"open"').length > before);
}

async function deathsIn(directory: string): Promise<string[]> {
  return (await incidentsOf(directory))
    .filter(({ outcome }) => outcome === 'died')
    .map(({ subject }) => subject);
}

test('a death is told once, however many survive, with each response that was held', async () => {
  const directory = temporaryDirectory();
  const [dead] = await Promise.all([
    startServer(directory),
    startServer(directory),
    startServer(directory),
  ]);
  await begin(directory, dead.url);
  await begin(directory, dead.url);
  await dead.kill('SIGKILL');
  await until('it is told', async () => (await deathsIn(directory)).includes('process'));
  await quiet(500);
  expect((await deathsIn(directory)).sort()).toEqual(['hold', 'hold', 'process']);
  expect(filesOf(directory).filter((name) => name.includes('.dead.')).length).toBe(1);
  expect(filesOf(directory).filter((name) => name.includes('.live.')).length).toBe(2);
});

test('what went on when a process ended is told by itself', async () => {
  for (const [path, exitCode, name] of [
    ['/exit', 3, undefined],
    ['/crash', 1, 'RangeError'],
  ] as const) {
    const directory = temporaryDirectory();
    const server = await startServer(directory);
    await begin(directory, server.url);
    await fetch(server.url + path, WORK).catch(() => {});
    await until('it has gone', () => server.process.exitCode !== null);
    const deaths = (await incidentsOf(directory)).filter(({ outcome }) => outcome === 'died');
    expect(deaths.map(({ subject }) => subject)).toEqual(['hold', 'hold', 'process']);
    expect(deaths[2]).toMatchObject({ exitCode, holds: 2 });
    expect(deaths[2]?.cause?.name).toBe(name);
    expect(textOf(directory)).not.toContain('secret');
    expect(filesOf(directory)).toEqual([expect.stringMatching(/-1\.ndjson$/)]);
  }
});

test('a process that was only paused says so when it comes back, and its death is none', async () => {
  const directory = temporaryDirectory();
  const paused = await startServer(directory);
  await begin(directory, paused.url);
  await startServer(directory);
  paused.process.kill('SIGSTOP');
  await until('it is taken for dead', async () => (await deathsIn(directory)).includes('process'));
  paused.process.kill('SIGCONT');
  await until('it comes back', () => textOf(directory).includes('"returned"'));
  const survey = new Survey();
  for (const line of textOf(directory).split('\n')) {
    if (line.includes('"returned"')) survey.other(JSON.parse(line));
  }
  const incidents = await incidentsOf(directory);
  const classes = incidents.map((one) => classify(one, survey.findings()).class);
  expect(classes).toEqual(['process-paused', 'process-paused']);
  // What still goes on stands in its new file, should it really die now.
  await paused.kill('SIGKILL');
  await until('its death is told', async () => (await deathsIn(directory)).length === 4);
  const second = (await incidentsOf(directory)).slice(-2);
  expect(second.map((one) => classify(one, survey.findings()).class)).toEqual([
    'process-died',
    'process-died',
  ]);
});

test('a file is taken over only when it does not grow, whatever the clocks say', async () => {
  const directory = temporaryDirectory();
  const journal = createJournal({ directory, heartbeatMs: 50, flushMs: 5 });
  const other = createJournal({ directory, heartbeatMs: 50, flushMs: 5 });
  onTestFinished(async () => {
    await Promise.all([journal.close(), other.close()]);
  });
  await until('both have files', () => filesOf(directory).length === 2);
  for (const year of [1990, 2090]) {
    for (const name of filesOf(directory)) {
      utimesSync(join(directory, name), new Date(year, 0), new Date(year, 0));
    }
    await quiet(300);
  }
  expect(journal.status().deaths + other.status().deaths).toBe(0);
  expect(filesOf(directory).every((name) => name.includes('.live.'))).toBe(true);
});

test('whoever dies while it tells of a death is followed by another that does', async () => {
  const directory = temporaryDirectory();
  const first = await startServer(directory);
  await begin(directory, first.url);
  await first.kill('SIGKILL');
  const [live = ''] = filesOf(directory);
  // As if a survivor had claimed it, told of one hold, and died itself.
  const claimed = live.replace('.live.', '.claimed-0123456789ab.');
  renameSync(join(directory, live), join(directory, claimed));
  await startServer(directory);
  await until('it is told', async () => (await deathsIn(directory)).includes('process'));
  expect((await deathsIn(directory)).sort()).toEqual(['hold', 'process']);
});

test('a file that ended well is no death, though nobody had the time to rename it', async () => {
  const directory = temporaryDirectory();
  const journal = createJournal({ directory, heartbeatMs: 50, flushMs: 5 });
  await journal.flush();
  await journal.close();
  const [closed = ''] = filesOf(directory);
  const live = closed.replace('.ndjson', '.live.ndjson');
  renameSync(join(directory, closed), join(directory, live));
  const next = createJournal({ directory, heartbeatMs: 50, flushMs: 5 });
  onTestFinished(() => next.close());
  await until('it has its name', () => filesOf(directory).includes(closed));
  expect(next.recent()).toEqual([]);
});

test('an empty or torn file of a dead process ends nothing', async () => {
  const directory = temporaryDirectory();
  const stem = 'holdopen-20260101T000000000Z-aaaaaaaaaaa';
  writeFileSync(join(directory, `${stem}1-1.live.ndjson`), '');
  writeFileSync(join(directory, `${stem}2-1.live.ndjson`), '{"kind":"open","id":"x","subject":"ho');
  const journal = createJournal({ directory, heartbeatMs: 50, flushMs: 5 });
  onTestFinished(() => journal.close());
  await until('both are told', () => journal.status().deaths === 2);
  expect(filesOf(directory).filter((name) => name.includes('.dead.')).length).toBe(2);
});

test('who deletes the directory of a journal gets another file', async () => {
  const directory = temporaryDirectory();
  const journal = createJournal({ directory, heartbeatMs: 50, flushMs: 5 });
  onTestFinished(() => journal.close());
  await until('there is a file', () => filesOf(directory).length === 1);
  rmSync(directory, { recursive: true });
  await until(
    'there is one again, that begins as the first did',
    () => existsSync(directory) && textOf(directory).startsWith('{"v":1,"kind":"instance"'),
  );
  expect(statSync(directory).mode & 0o777).toBe(0o700);
});

/** The files of an instance that has died, with these lines behind their first. */
function leave(directory: string, state: string, segment: number, ...lines: object[]): string {
  const time = '2026-01-01T00:00:00.000Z';
  const instance = 'aaaaaaaaaaaa';
  const header = { v: 1, kind: 'instance', time, instance, segment, heartbeatMs: 20 };
  const name = `holdopen-20260101T00000000${segment}Z-${instance}-${segment}${state}.ndjson`;
  const text = [header, ...lines].map((line) => `${JSON.stringify({ time, ...line })}\n`).join('');
  writeFileSync(join(directory, name), text);
  return name;
}

test('what had ended before a pause did not die behind it', async () => {
  const directory = temporaryDirectory();
  const opened = (id: string) => ({ kind: 'open', id, subject: 'hold' });
  leave(directory, '', 1, opened('over'), opened('on'), { kind: 'rotated' });
  leave(directory, '.dead', 2, { kind: 'close', id: 'over' });
  const returned = { kind: 'returned', instance: 'aaaaaaaaaaaa', segment: 2 };
  leave(directory, '.live', 3, returned, opened('on'));
  const journal = createJournal({ directory, heartbeatMs: 50, flushMs: 5 });
  onTestFinished(() => journal.close());
  await until('its death is told', () => journal.status().deaths > 0);
  const holds = journal.recent().filter(({ subject }) => subject === 'hold');
  expect(holds.map(({ hold }) => hold)).toEqual(['on']);
});

test('whoever pauses while it tells of a death leaves what another has told', async () => {
  const directory = temporaryDirectory();
  const live = leave(directory, '.live', 1);
  const text = readFileSync(join(directory, live), 'utf8');
  // A pipe ends only when the test says so, and till then whoever reads it is as good as paused.
  rmSync(join(directory, live));
  expect(spawnSync('mkfifo', [join(directory, live)]).status).toBe(0);
  const pipe = openSync(join(directory, live), 'r+');
  writeSync(pipe, text);
  const journal = createJournal({ directory, heartbeatMs: 50, flushMs: 5 });
  onTestFinished(() => journal.close());
  const claimed = () => filesOf(directory).find((name) => name.includes('.claimed-')) ?? '';
  await until('it is claimed', () => claimed() !== '');
  const dead = join(directory, live.replace('.live', '.dead'));
  rmSync(join(directory, claimed()));
  writeFileSync(dead, 'what another has told\n');
  closeSync(pipe);
  await quiet(300);
  expect(readFileSync(dead, 'utf8')).toBe('what another has told\n');
  expect(journal.status().deaths).toBe(0);
});
