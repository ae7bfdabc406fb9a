import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

const repository = join(import.meta.dirname, '../../..');
/** For a condition, in milliseconds. */
const PATIENCE = 10_000;
const SHORT = ['--tool-ms', '1500', '--idle-ms', '700', '--interval-ms', '150'];

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'demo-test-'));
  await writeFile(join(root, 'hello.ts'), "console.log('hello');\n");
});
afterAll(() => rm(root, { recursive: true, force: true }));

function start(...args: string[]) {
  const demo = spawn(
    process.execPath,
    ['--import', 'tsx', 'examples/agent-server/src/demo.ts', '--root', root, ...args],
    {
      cwd: repository,
      // The packages are read from their sources, as in all tests.
      env: { ...process.env, TSX_TSCONFIG_PATH: join(repository, 'tsconfig.test.json') },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  return Object.assign(demo, {
    exit: new Promise<number | null>((resolve) => demo.once('close', resolve)),
  });
}

async function run(...args: string[]) {
  const demo = start(...args);
  const [stdout, stderr, exitCode] = await Promise.all([
    text(demo.stdout),
    text(demo.stderr),
    demo.exit,
  ]);
  return { stdout, stderr, exitCode };
}

/** Waits for output that matches. */
function said(demo: ChildProcess, pattern: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    let output = '';
    for (const stream of [demo.stdout, demo.stderr]) {
      stream?.on('data', (chunk) => {
        output += chunk;
        const match = pattern.exec(output);
        if (match) resolve(match);
      });
    }
    demo.once('close', () => reject(new Error(`ended before it said ${pattern}: ${output}`)));
  });
}

const ANSWERED = {
  route: 'held',
  outcome: 'answered',
  status: 200,
  trueStatus: 200,
  elapsedMs: expect.any(Number),
  beats: expect.any(Number),
  error: null,
  parsed: true,
};
const FAILED_LATE = {
  route: 'held-late-failure',
  outcome: 'failed-late',
  status: 200,
  trueStatus: 502,
  elapsedMs: expect.any(Number),
  beats: expect.any(Number),
  error: expect.any(String),
  parsed: false,
};

describe('--json', () => {
  test('behind the idle proxy: dropped, answered and failed late, one line each', async () => {
    const { stdout, stderr, exitCode } = await run('--json', ...SHORT);
    expect(stderr).toBe('');
    expect(exitCode).toBe(0);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toEqual([
      {
        route: 'unwrapped',
        outcome: 'dropped',
        status: null,
        trueStatus: null,
        elapsedMs: expect.any(Number),
        beats: 0,
        error: expect.stringContaining('ECONNRESET'),
        parsed: false,
      },
      ANSWERED,
      FAILED_LATE,
    ]);
    // 1500 ms of silence have room for nine beats, on a busy machine for some less.
    expect(lines[1].beats).toBeGreaterThanOrEqual(3);
    expect(lines[1].elapsedMs).toBeGreaterThanOrEqual(1_450);
  });

  test('behind nginx, which answers the unwrapped call with 504', async () => {
    const { stdout, stderr, exitCode } = await run('--json', '--nginx', ...SHORT);
    // Without nginx on this machine, this says how to get it.
    expect(stderr).toBe('');
    expect(exitCode).toBe(0);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toEqual([
      expect.objectContaining({ route: 'unwrapped', outcome: 'dropped', status: 504, beats: 0 }),
      ANSWERED,
      FAILED_LATE,
    ]);
  });
});

test('a promise that is not kept is said on stderr, with exit code 1', async () => {
  vi.stubEnv('HOLDOPEN', 'off');
  const { stdout, stderr, exitCode } = await run('--json', ...SHORT);
  vi.unstubAllEnvs();
  expect(exitCode).toBe(1);
  expect(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).outcome),
  ).toEqual(['dropped', 'dropped', 'dropped']);
  expect(stderr).toContain('held: should be answered, got {');
  expect(stderr).toContain('held-late-failure: should have the true status 502, got {');
  expect(stderr).not.toContain('unwrapped');
});

test('a person sees the calls on a timeline, without colours in a file', async () => {
  const { stdout, stderr, exitCode } = await run(...SHORT);
  expect(stderr).toBe('');
  expect(exitCode).toBe(0);
  expect(stdout).not.toContain('\x1b');
  const inOrder = [
    'silence',
    'connection dropped by the idle proxy',
    'HoldOpen: interval=150, format=json',
    'beat 1 ',
    'complete ',
    'beat 1 ',
    'server log: POST /session/demo/message: 502',
    'late head ',
    'connection cut',
    '··→→·→·→ ··→→···· ··→→··→·',
    'All three calls ended as promised.',
  ];
  let at = 0;
  for (const words of inOrder) {
    expect(stdout.slice(at)).toContain(words);
    at = stdout.indexOf(words, at) + words.length;
  }
});

test('Ctrl-C in the middle of a call ends everything, also when it is pressed twice', async () => {
  const demo = start('--tool-ms', '600000', '--idle-ms', '60000', '--interval-ms', '100');
  await said(demo, /request sent/);
  await vi.waitFor(async () => expect(await processesAbout(root)).toHaveLength(2), PATIENCE);
  demo.kill('SIGINT');
  demo.kill('SIGINT');
  expect(await demo.exit).toBe(130);
  expect(await processesAbout(root)).toHaveLength(0);
});

test('a demo that is killed leaves no tool behind', async () => {
  const demo = start('--tool-ms', '600000', '--idle-ms', '60000', '--interval-ms', '100');
  await said(demo, /request sent/);
  await vi.waitFor(async () => expect(await processesAbout(root)).toHaveLength(2), PATIENCE);
  demo.kill('SIGKILL');
  await vi.waitFor(async () => expect(await processesAbout(root)).toHaveLength(0), PATIENCE);
});

test.each([['idle proxy'], ['nginx']])(
  '--serve goes on behind the %s until Ctrl-C',
  async (name) => {
    const demo = start('--serve', '0', ...SHORT, ...(name === 'nginx' ? ['--nginx'] : []));
    const [, direct, through] = await said(
      demo,
      /agent server: +(http:\S+).*silence: +(http:\S+).*Ctrl-C/s,
    );
    const message = (url: string | undefined) =>
      fetch(`${url}/session/demo/message`, { method: 'POST', body: '{"toolMs":1500}' });
    expect(await (await message(direct)).json()).toMatchObject({ files: 1 });
    expect(await (await message(through)).json()).toMatchObject({ files: 1 });

    demo.kill('SIGINT');
    expect(await demo.exit).toBe(0);
    await expect(message(direct)).rejects.toThrow();
    await expect(message(through)).rejects.toThrow();
  },
);

test('--serve on a port that is taken says so', async () => {
  const demo = start('--serve', '0');
  const [, port = ''] = await said(demo, /agent server: +http:\S+:(\d+)\s/);
  const { stderr, exitCode } = await run('--serve', port);
  expect(stderr).toBe(`port ${port} is taken: give --serve another one, or 0 for a free one.\n`);
  expect(exitCode).toBe(2);
  demo.kill('SIGTERM');
  expect(await demo.exit).toBe(0);
});

test('--help explains the options', async () => {
  const { stdout, exitCode } = await run('--help');
  expect(exitCode).toBe(0);
  expect(stdout).toContain('--interval-ms N');
});

test.each([
  [['--tool'], /--tool.*--help/],
  [['please'], /please.*--help/],
  [['--tool-ms', 'long'], /--tool-ms is "long": give a whole number/],
  [['--idle-ms=-5'], /--idle-ms is "-5": give a whole number from 1/],
  [['--interval-ms', '10'], /--interval-ms is "10": give a whole number from 50/],
  [['--interval-ms', '5000'], /--interval-ms 5000 is not below --idle-ms 5000.*Give an interval/],
  [['--tool-ms', '5000'], /--tool-ms 5000 is not above --idle-ms 5000.*Give a --tool-ms/],
  [['--serve', '70000'], /--serve is "70000": give a whole number from 0 to 65535/],
  [['--serve', '0', '--json'], /one of the two/],
  [['--root', 'no/such/directory'], /is not a directory: give/],
])('%s is refused with what to do instead', async (args, message) => {
  const { stdout, stderr, exitCode } = await run(...args);
  expect(stderr).toMatch(message);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(stdout).toBe('');
  expect(exitCode).toBe(2);
});

/** The command lines of the running processes that name a file or directory. */
async function processesAbout(path: string): Promise<string[]> {
  return (await commandLines()).filter((line) => line.includes(path));
}

async function commandLines(): Promise<string[]> {
  if (process.platform !== 'linux') {
    return (await text(spawn('ps', ['-A', '-ww', '-o', 'args']).stdout)).split('\n');
  }
  // Small Linux images have no ps.
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  // A process may be gone between the two.
  return Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')));
}
