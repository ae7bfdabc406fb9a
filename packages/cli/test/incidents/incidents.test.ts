import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  createWriteStream,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { finished } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { until } from '../../../../test/support/until.js';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'holdopen-incidents-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
});

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function start(args: readonly string[], flags: readonly string[] = []) {
  const { FORCE_COLOR: _, ...env } = process.env;
  const child = spawn(process.execPath, [...flags, MAIN, 'incidents', ...args], {
    cwd: directory,
    env,
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return child;
}

async function run(
  args: readonly string[],
  input = '',
  flags: readonly string[] = [],
): Promise<Ran> {
  const child = start(args, flags);
  child.stdin.on('error', () => {}).end(input);
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (child.exitCode === null) await once(child, 'close');
  return { code: child.exitCode, out, err };
}

let number = 0;

function line(facts: object = {}, time = '2026-11-21T19:00:00.000Z'): string {
  number += 1;
  const id = `0123456789ab-${number}`;
  const start = { v: 1, kind: 'incident', id, time, instance: '0123456789ab', subject: 'hold' };
  return `${JSON.stringify({ ...start, outcome: 'failed', route: 'POST /work', status: 500, ...facts })}\n`;
}

function write(name: string, ...lines: string[]): string {
  writeFileSync(join(directory, name), lines.join(''));
  return name;
}

describe('what is read', () => {
  test('is a file, a directory, a pattern, or standard input, packed or not, and none of them twice', async () => {
    mkdirSync(join(directory, 'd'));
    write('a.ndjson', line());
    write('d/b.ndjson', line());
    writeFileSync(join(directory, 'd/c.ndjson.gz'), gzipSync(line()));
    write('d/notes.txt', 'nothing');
    const count = async (...args: string[]): Promise<number> => {
      const { out } = await run(['--json', ...args], line());
      return JSON.parse(out).incidents;
    };
    expect(await count('a.ndjson')).toBe(1);
    expect(await count('d')).toBe(2);
    expect(await count('{a,b}.ndjson', '**/*.gz')).toBe(2);
    expect(await count('-', 'a.ndjson')).toBe(2);
    expect(await count('d', 'd/b.ndjson', 'd/*.gz')).toBe(2);
  });

  test('is told apart by disk and number, for each disk counts its files from 1', async (context) => {
    for (const disk of ['a', 'b']) {
      mkdirSync(join(directory, disk));
      const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk], {
        cwd: directory,
      });
      if (mounted.status !== 0) return context.skip('only root may mount');
      onTestFinished(() => void spawnSync('umount', [disk], { cwd: directory }));
      write(`${disk}/incidents.ndjson`, line());
    }
    expect(JSON.parse((await run(['--json', 'a', 'b'])).out).incidents).toBe(2);
  });

  test('that is not there is said, and what is there is read', async () => {
    const file = write('a.ndjson', line());
    const some = await run([file, 'no.ndjson']);
    expect(some).toMatchObject({
      code: 1,
      err: expect.stringContaining('no.ndjson: there is no such file'),
    });
    const none = await run(['no*.ndjson']);
    expect(none).toMatchObject({ code: 2, out: '' });
    mkdirSync(join(directory, 'empty'));
    expect((await run(['empty'])).err).toContain(
      'there is no journal (*.ndjson) in this directory',
    );
  });

  test('may have broken lines and end early; that is counted and told', async () => {
    const file = write('a.ndjson', line(), 'x\n', line().slice(0, 50));
    const packed = gzipSync(Array.from({ length: 500 }, () => line()).join(''));
    writeFileSync(join(directory, 'b.ndjson'), packed.subarray(0, packed.length - 500));
    const { code, out, err } = await run([file, 'b.ndjson']);
    expect(code).toBe(1);
    expect(out).toContain('handler error');
    expect(err).toMatch(/[23] lines could not be read/);
    expect(err).toContain('b.ndjson: unexpected end of file; what stands before that was read');
  });

  test('says how many files were left open by a process that is silent', async () => {
    const time = '2026-11-21T19:00:00.000Z';
    const header = { v: 1, kind: 'instance', time, instance: 'x', heartbeatMs: 10_000 };
    write('a.live.ndjson', `${JSON.stringify(header)}\n`);
    const { code, err } = await run(['.']);
    expect(code).toBe(0);
    expect(err).toContain('1 file left open');
  });
});

describe('what is shown', () => {
  test('are classes, days and routes, without colours where nobody looks', async () => {
    const file = write(
      'a.ndjson',
      line({ status: 429, code: 'error_status' }, '2026-11-20T23:10:00.000Z'),
      line({ status: 429, code: 'error_status', route: 'POST /b' }, '2026-11-21T03:00:00.000Z'),
      line({ outcome: 'disconnected', connectionEnd: 'fin' }, '2026-11-21T03:30:00.000Z'),
    );
    const { code, out, err } = await run([file]);
    expect(code).toBe(1);
    expect(err).toBe('');
    expect(out).not.toContain('\u001b');
    expect(out).toMatch(/^3 incidents of 1 instance, 2026-11-20 23:10 to 2026-11-21 03:30 UTC\n/);
    expect(out).toMatch(/\nupstream 429 +2 {2}high +2026-11-21 03:00\n/);
    expect(out).toMatch(/\nclosed by the client +1 {2}medium /);
    expect(out).toMatch(/\n2026-11-20 +1 {2}│ {23}▅│ {2}upstream 429 1\n/);
    expect(out).toMatch(/\n2026-11-21 +2 {2}│ {3}█ {20}│ /);
    expect(out).toMatch(/\nPOST \/work +2 {2}/);
    expect((await run(['--top', '1', file])).out).toContain('and 1 route more: --top 2');
  });

  test('names those whose default a time-out is', async () => {
    const cuts = [60_100, 29_000, 13_370].flatMap((heldMs) =>
      Array.from({ length: 30 }, (_, at) =>
        line(
          { outcome: 'disconnected', connectionEnd: 'fin', beats: 9, heldMs, idleMs: 500 },
          new Date(Date.parse('2026-11-21T00:00:00Z') + at * 60_000).toISOString(),
        ),
      ),
    );
    const file = write('a.ndjson', ...cuts);
    const { out } = await run([file]);
    expect(out).toMatch(
      /^29 s after the beginning +30 +AWS API Gateway, buffered \(responseTransfer/m,
    );
    expect(out).toMatch(/^13\.4 s after the beginning +30 +nobody known: it was set$/m);
    const { timeOuts } = JSON.parse((await run(['--json', file])).out);
    expect(timeOuts).toContainEqual(
      expect.objectContaining({
        kind: 'total',
        cuts: 30,
        aboutMs: 29_000,
        defaultOf: expect.arrayContaining([
          expect.objectContaining({ name: 'AWS API Gateway, buffered', ms: 29_000 }),
        ]),
      }),
    );
  });

  test('is nothing where nothing failed, and that is well', async () => {
    const file = write('a.ndjson', '{"kind":"alive","time":"2026-11-21T19:00:00.000Z"}\n');
    expect(await run([file])).toMatchObject({ code: 0, out: 'No incidents.\n' });
    expect(JSON.parse((await run(['--json', file])).out)).toMatchObject({ incidents: 0 });
  });

  test('is one summary for programs, or a line for each incident', async () => {
    const file = write('a.ndjson', line({ status: 401 }), line({ status: 529 }));
    const summary = JSON.parse((await run(['--json', file])).out);
    expect(summary).toMatchObject({
      incidents: 2,
      classes: [{ class: 'overloaded' }, { class: 'auth-expired' }],
      read: { files: 1, lines: 2, broken: 0 },
    });
    const { out } = await run(['--json', '--list', file]);
    expect(
      out
        .trim()
        .split('\n')
        .map((one) => JSON.parse(one)),
    ).toMatchObject([
      { class: 'auth-expired', confidence: 'high', status: 401 },
      { class: 'overloaded', confidence: 'high', status: 529 },
    ]);
    expect((await run(['--list', file])).out).toMatch(
      /^2026-11-21 19:00:00 {2}auth expired \(401, 403\) {2}POST \/work {2}hold 0123456789ab, late status 401\n/,
    );
  });

  test('is chosen by time, route and class', async () => {
    const file = write(
      'a.ndjson',
      line({ route: 'POST /a/:id', status: 429 }, '2026-11-20T10:00:00.000Z'),
      line({ route: 'GET /a/:id', status: 500 }, '2026-11-21T10:00:00.000Z'),
      line({ route: 'POST /b', status: 500 }, new Date(Date.now() - 60_000).toISOString()),
    );
    const count = async (...args: string[]): Promise<number> => {
      return JSON.parse((await run(['--json', file, ...args])).out).incidents;
    };
    expect(await count('--since', '2026-11-21', '--until', '2026-11-21T12:00Z')).toBe(1);
    expect(await count('--since', '5m')).toBe(1);
    expect(await count('--route', '/a/*')).toBe(2);
    expect(await count('--route', 'POST *')).toBe(2);
    expect(await count('--route', 'POST /a/:id', '--route', '/b')).toBe(2);
    expect(await count('--class', 'rate-limited')).toBe(1);
    expect(await count('--class', 'rate-limited,handler-error')).toBe(3);
  });

  test('is obeyed by no terminal', async () => {
    const route = 'GET /\u001b[2J\u009b31m\u202e\n\u0007x';
    const file = write('a.ndjson', line({ route, hold: route }));
    for (const args of [[file], ['--list', file], [`${route}.ndjson`]]) {
      const { out, err } = await run(args);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
      expect(out + err).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    }
  });
});

test('a wrong argument says what can be given', async () => {
  const file = write('a.ndjson', line());
  for (const [args, message] of [
    [['--since', 'soon', file], 'Give a time such as 2026-11-21T19:00Z, or how long ago: 24h.'],
    [['--class', 'bad', file], 'The classes are: client-closed, '],
    [['--top', '0', file], 'Give a whole number from 1.'],
    [['--follow', '-'], 'standard input has an end'],
    [[], "missing required argument 'files'"],
    [[], 'holdopen incidents --help says what there is'],
  ] as const) {
    const { code, err } = await run(args);
    expect(err).toContain(message);
    expect(code).toBe(2);
  }
});

test('a reader that has seen enough, as head has, is no error', async () => {
  const file = write('a.ndjson', ...Array.from({ length: 20_000 }, () => line()));
  const child = start(['--list', file]);
  await once(child.stdout, 'data');
  child.stdout.destroy();
  expect(await text(child.stderr)).toBe('');
  if (child.exitCode === null) await once(child, 'close');
  expect(child.signalCode).toBe(null);
});

test('following tells what is written from now on, also in files that are new or renamed', async () => {
  const file = write('a.live.ndjson', line({ status: 401 }));
  const child = start(['--follow', '--json', '.']);
  let out = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  let err = '';
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  const codes = () =>
    out
      .split('\n')
      .filter((one) => one !== '')
      .map((one) => JSON.parse(one).status);
  // It has begun when it tells the first that came later.
  await until(
    () => `it follows: ${out} ${err}`,
    async () => {
      appendFileSync(join(directory, file), line({ status: 402 }));
      await new Promise((resolve) => setTimeout(resolve, 200));
      return codes().length > 0;
    },
  );
  const half = line({ status: 429 });
  appendFileSync(join(directory, file), half.slice(0, 30));
  renameSync(join(directory, file), join(directory, 'a.ndjson'));
  write('b.live.ndjson', line({ status: 418 }));
  await until('the new file is read', () => codes().includes(418));
  appendFileSync(join(directory, 'a.ndjson'), half.slice(30));
  await until('the whole line is read', () => codes().includes(429));
  expect(codes()).not.toContain(401);
  child.kill('SIGINT');
  const [code] = await once(child, 'exit');
  expect(code).toBe(1);
});

test('following tells all of a file that has come in the place of a deleted one', async () => {
  const long = Array.from({ length: 50 }, () => line({ status: 401 }));
  write('a.ndjson', ...long);
  const child = start(['--follow', '--json', '.']);
  let out = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  await until('it follows', () => {
    appendFileSync(join(directory, 'a.ndjson'), line({ status: 402 }));
    return out.includes('402');
  });
  const before = statSync(join(directory, 'a.ndjson')).ino;
  // File systems give the number of a deleted file to the next one; a rename into its place is as good.
  renameSync(join(directory, 'a.ndjson'), join(directory, 'b.ndjson'));
  write('b.ndjson', line({ status: 418 }));
  expect(statSync(join(directory, 'b.ndjson')).ino).toBe(before);
  await until('the new file is read', () => out.includes('418'));
  child.kill('SIGINT');
  await once(child, 'exit');
});

test('100,000 incidents are summarised in seconds, in a heap that has no room for them', async () => {
  const path = join(directory, 'many.ndjson');
  const file = createWriteStream(path);
  const facts = { code: 'handler_error', cause: { name: 'TypeError' }, padding: 'x'.repeat(200) };
  for (let i = 0; i < 100_000; i += 1_000) {
    const lines = Array.from({ length: 1_000 }, (_, j) =>
      line(
        { ...facts, route: `POST /r${(i + j) % 40}` },
        new Date(1.79e12 + (i + j) * 20_000).toISOString(),
      ),
    );
    file.write(lines.join(''));
  }
  file.end();
  await finished(file);
  const started = performance.now();
  const report = `process.on('exit', () => {
    process.getBuiltinModule('fs').writeFileSync('rss', String(process.resourceUsage().maxRSS));
  });`;
  const { code, out, err } = await run(['--json', path], '', [
    '--max-old-space-size=24',
    '--import',
    `data:text/javascript,${encodeURIComponent(report)}`,
  ]);
  const seconds = (performance.now() - started) / 1_000;
  expect(err).toBe('');
  expect(code).toBe(1);
  expect(JSON.parse(out)).toMatchObject({ incidents: 100_000, read: { broken: 0 } });
  const peakMiB = Number(readFileSync(join(directory, 'rss'), 'utf8')) / 1_024;
  console.log(`100,000 incidents: ${seconds.toFixed(1)} s, ${peakMiB.toFixed(0)} MiB at most`);
  // A busy machine may take a while; a quadratic reader takes minutes.
  expect(seconds).toBeLessThan(60);
}, 120_000);

describe('what must not be misled', () => {
  test('is by words that every object has, and what stands behind them is counted', async () => {
    const words = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
    const named = words.map((code) => line({ code }));
    const file = write('a.ndjson', ...named, line({ status: 429, code: 'error_status' }));
    const { out } = await run(['--json', file]);
    expect(JSON.parse(out)).toMatchObject({ incidents: words.length + 1 });
  });

  test('is by a line that goes deeper than a stack', async () => {
    const deep = line().replace(
      /}\n$/,
      `,"cause":${'{"cause":'.repeat(20_000)}{}${'}'.repeat(20_001)}\n`,
    );
    const file = write('a.ndjson', deep, line());
    for (const args of [['--json'], ['--json', '--list']]) {
      const { code, out, err } = await run([...args, file]);
      expect({ code, err }).toEqual({ code: 1, err: '' });
      expect(out).toContain('"handler-error"');
    }
  });

  test('is by codes that a terminal obeys', async () => {
    const file = write('a.ndjson', line({ code: '\u001b[2J\u009b31m\u202e' }));
    for (const args of [[file], ['--list', file]]) {
      const { out } = await run(args);
      expect(out).toContain('status 500');
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
      expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    }
  });
});

test('what nobody could read is not said to be well', async () => {
  write('a.log', '127.0.0.1 - - "GET / HTTP/1.1" 200\n');
  writeFileSync(join(directory, 'b.gz'), Buffer.from([0x1f, 0x8b, 1, 2, 3, 4]));
  expect((await run(['a.log'])).code).toBe(2);
  expect((await run(['b.gz'])).code).toBe(2);
  expect((await run([write('empty.ndjson')])).code).toBe(0);
});

test('a pipe is read as standard input is, and what is named twice is read once', async () => {
  write('a.ndjson', line(), line());
  const script = '"$0" "$1" incidents --json <(cat a.ndjson)';
  const { status, stdout } = spawnSync('bash', ['-c', script, process.execPath, MAIN], {
    cwd: directory,
    encoding: 'utf8',
  });
  expect(status).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ incidents: 2 });
  const twice = await run(['--json', '-', '-'], line());
  expect(twice).toMatchObject({ code: 1, err: '' });
  expect(JSON.parse(twice.out)).toMatchObject({ incidents: 1 });
});

test('a time without a zone is of UTC, wherever the command runs', async () => {
  const file = write('a.ndjson', line({}, '2026-11-21T19:00:00.000Z'));
  for (const time of ['2026-11-21T18:59', '2026-11-21 18:59', '2026-11-21T18:59Z', '2026-11-21']) {
    const { status } = spawnSync(process.execPath, [MAIN, 'incidents', '--since', time, file], {
      cwd: directory,
      env: { ...process.env, TZ: 'America/Los_Angeles' },
    });
    expect({ time, status }).toEqual({ time, status: 1 });
  }
});

test('following tells nothing again that is packed meanwhile', async () => {
  write('a.ndjson', line({ status: 401 }));
  const child = start(['--follow', '--json', '.']);
  let out = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  await until('it follows', () => {
    appendFileSync(join(directory, 'a.ndjson'), line({ status: 402 }));
    return out.includes('402');
  });
  const packed = gzipSync(readFileSync(join(directory, 'a.ndjson')));
  writeFileSync(join(directory, 'a.ndjson.gz'), Buffer.concat([packed, Buffer.from('\n')]));
  rmSync(join(directory, 'a.ndjson'));
  write('b.ndjson', line({ status: 418 }));
  await until('the new file is read', () => out.includes('418'));
  write('c.ndjson', line({ status: 419 }));
  await until('and the next', () => out.includes('419'));
  expect(out).not.toContain('401');
  child.kill('SIGINT');
  await once(child, 'exit');
});

test('following tells a line of which half was there before, and goes on in an emptied file', async () => {
  const half = line({ status: 429 });
  write('a.ndjson', line({ status: 401 }), line({ status: 401 }), half.slice(0, 30));
  write('b.ndjson');
  const child = start(['--follow', '--json', '.']);
  let out = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  await until('it follows', () => {
    appendFileSync(join(directory, 'b.ndjson'), line({ status: 402 }));
    return out.includes('402');
  });
  appendFileSync(join(directory, 'a.ndjson'), half.slice(30));
  await until('the whole line is told', () => out.includes('429'));
  write('a.ndjson', line({ status: 418 }));
  await until('and what comes behind it', () => out.includes('418'));
  expect(out).not.toContain('401');
  child.kill('SIGINT');
  await once(child, 'exit');
});
