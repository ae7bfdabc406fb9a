// `npm test`: sets up, then checks everything. Stops at the first step that fails.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mustRun, root, say } from './run.mjs';
import { setup } from './setup.mjs';

const publicPackages = readdirSync(`${root}packages`)
  .map((name) => `${root}packages/${name}`)
  .filter((folder) => existsSync(`${folder}/package.json`))
  .filter((folder) => !JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')).private);

// Biome colours what it writes to a file, too, unless told not to.
const plain = process.stdout.isTTY ? [] : ['--colors=off'];

/** @type {[name: string, action: () => Promise<void>][]} */
const steps = [
  ['setup', () => setup()],
  ['lint', () => mustRun('biome', ['ci', '--error-on-warnings', ...plain, '.'])],
  ['types', () => mustRun('tsc', ['-p', 'tsconfig.test.json'])],
  ['types of the pages', typesOfPages],
  ['unused code and dependencies', () => mustRun('knip', ['--no-config-hints'])],
  ['packages as published', checkPackages],
  ['what they export', checkApis],
  // Arguments go to vitest: npm test -- packages/core
  ['tests', () => mustRun('vitest', ['run', ...process.argv.slice(2)])],
];

/** What runs in a browser has other globals. */
async function typesOfPages() {
  await mustRun('tsc', ['-p', 'examples/agent-console']);
  await mustRun('tsc', ['-p', 'packages/observe/tsconfig.page.json']);
}

async function checkPackages() {
  for (const cwd of publicPackages) {
    await mustRun('publint', ['--strict', '--pack', 'npm'], { cwd });
    await mustRun('attw', ['--pack', '.', '--profile', 'esm-only', '--format', 'ascii'], { cwd });
  }
}

async function checkApis() {
  const { reportApis } = await import('./api-report.mjs');
  const changed = reportApis({ check: true }).map((report) => report.slice(root.length));
  if (changed.length === 0) return;
  throw new Error(`${changed.join(', ')}: differs; if that is meant, npm run api, and a changeset`);
}

for (const [name, action] of steps) {
  say(`\n── ${name}`);
  const start = performance.now();
  const seconds = () => `${((performance.now() - start) / 1000).toFixed(1)} s`;
  try {
    await action();
    say(`── ${name}: passed in ${seconds()}`);
  } catch (error) {
    say(`── ${name}: FAILED after ${seconds()}: ${error instanceof Error ? error.message : error}`);
    process.exit(1);
  }
}
