import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, test, vi } from 'vitest';
import { TOKENS } from '../src/agent.js';
import type { Figures } from '../src/demo/scenes.js';

const repository = join(import.meta.dirname, '../../..');
const LEASE_MS = 2_000;
const GRACE_MS = 500;
const QUICK = ['--token-ms', '25', '--tool-ms', '800'];
const SOON_LOST = ['--lease-ms', `${LEASE_MS}`, '--grace-ms', `${GRACE_MS}`];
/** For a condition, and a dozen processes on a machine that is busy. */
const PATIENCE_MS = 60_000;

function start(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const demo = spawn(
    process.execPath,
    ['--import', 'tsx', 'examples/resumable-agent/src/demo.ts', ...args],
    {
      cwd: repository,
      // The packages are read from their sources, as in all tests.
      env: { ...process.env, TSX_TSCONFIG_PATH: join(repository, 'tsconfig.test.json'), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const exit = new Promise<number | null>((resolve) => demo.once('close', resolve));
  return Object.assign(demo, { exit });
}

async function run(args: readonly string[], env?: Readonly<Record<string, string>>) {
  const demo = start(args, env);
  const [stdout, stderr] = await Promise.all([text(demo.stdout), text(demo.stderr)]);
  return { stdout, stderr, exitCode: await demo.exit };
}

/** Waits for output that matches. */
function said(demo: ChildProcess, pattern: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    let output = '';
    for (const stream of [demo.stdout, demo.stderr]) {
      stream?.on('data', (bytes: Buffer) => {
        output += bytes.toString();
        const match = pattern.exec(output);
        if (match) resolve(match);
      });
    }
    demo.once('close', () => reject(new Error(`ended before it said ${pattern}: ${output}`)));
  });
}

/** The whole answer, of work that was started once. */
const WHOLE = {
  outcome: 'completed',
  events: TOKENS.length,
  inOrder: true,
  of: TOKENS.length,
  starts: 1,
  attempt: 1,
};
/** What came before the process of the work was killed. */
const PART = { ...WHOLE, outcome: 'lost', events: expect.any(Number) };

test(
  'whatever breaks, each event comes once and in order, work is started once, and what is lost is said',
  async () => {
    const { stdout, stderr, exitCode } = await run(['--json', ...QUICK, ...SOON_LOST]);
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
    const lines = stdout.trimEnd().split('\n');
    const figures = lines.map((line): Figures => JSON.parse(line));
    const two = [expect.any(String), expect.any(String)];
    const three = [...two, expect.any(String)];
    expect(figures).toMatchObject([
      { scene: 'document', outcome: 'completed', inOrder: true, starts: 1 },
      { scene: 'cut', ...WHOLE, from: two },
      { scene: 'watching-process-killed', ...WHOLE, from: three },
      { scene: 'owner-killed', ...PART, toldWithinMs: LEASE_MS + GRACE_MS },
      { scene: 'owner-killed-again', ...PART, events: 0, starts: 0 },
      { scene: 'rerun', ...PART, toldWithinMs: LEASE_MS + GRACE_MS },
      { scene: 'rerun-again', ...WHOLE, attempt: 2 },
      { scene: 'owner-stopped', ...WHOLE, from: two, exitCode: 0 },
      { scene: 'watching-process-stopped', ...WHOLE, from: three, exitCode: 0 },
    ]);
    for (const { scene, from, toldAfterMs, toldWithinMs = 0 } of figures) {
      // The one that goes on is another one.
      expect(from.every((name, at) => name !== from[at + 1])).toBe(true);
      if (toldAfterMs === undefined) continue;
      // Not while its process may still be there.
      expect(toldAfterMs, scene).toBeGreaterThan(GRACE_MS);
      expect(toldAfterMs, scene).toBeLessThan(toldWithinMs + 1_000);
    }
  },
  PATIENCE_MS,
);

test(
  'Ctrl-C in the middle of it leaves no process behind',
  async () => {
    const demo = start([...QUICK, '--tool-ms', '1']);
    const [, a, b, redis] = await said(
      demo,
      /── A \(process (\d+)\) and B \(process (\d+)\) ── redis-server \(process (\d+)\)\n.*✂ the connection is cut/s,
    );
    demo.kill('SIGINT');
    expect(await demo.exit).toBe(130);
    for (const pid of [a, b, redis]) {
      await vi.waitFor(() => expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH'), 10_000);
    }
  },
  PATIENCE_MS,
);

describe('what cannot be run says what to do', () => {
  test('--help explains the options', async () => {
    const { stdout, exitCode } = await run(['--help']);
    expect(stdout).toContain('--lease-ms N');
    expect(exitCode).toBe(0);
  });

  test('without redis-server its package is named', async () => {
    const { stdout, stderr, exitCode } = await run([], { PATH: '/nowhere' });
    expect(stderr).toContain('apt-get install --no-install-recommends redis-server\n');
    expect(stdout).toBe('');
    expect(exitCode).toBe(2);
  });

  test.each([
    ['--lease', /--lease.*--help/],
    ['--lease-ms=10', /--lease-ms is "10": give a whole number from 200/],
  ])('%s is refused', async (arg, message) => {
    const { stderr, exitCode } = await run([arg]);
    expect(stderr).toMatch(message);
    expect(exitCode).toBe(2);
  });
});
