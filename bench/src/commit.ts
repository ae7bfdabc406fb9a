import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** What can make a figure another one. */
const MEASURED = ['packages', 'bench/src', 'pnpm-lock.yaml'];

/** What is measured here, as git calls it. `undefined` where this is no clone. */
export function commit(): string | undefined {
  const git = (...args: readonly string[]): string =>
    execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    const name = git('rev-parse', '--short=10', 'HEAD').trim();
    const isChanged = git('status', '--porcelain', '--', ...MEASURED) !== '';
    return isChanged ? `${name} with changes` : name;
  } catch {
    return undefined;
  }
}
