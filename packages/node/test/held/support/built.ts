import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

let isBuilt = false;

/** The built package, for children that run it without vitest. Built anew if the sources changed. */
export function builtEntry(): string {
  if (!isBuilt) {
    const root = fileURLToPath(new URL('../../../../../', import.meta.url));
    execFileSync(
      process.execPath,
      [`${root}/node_modules/typescript/bin/tsc`, '-b', 'packages/node'],
      {
        cwd: root,
      },
    );
    isBuilt = true;
  }
  return new URL('../../../dist/index.js', import.meta.url).href;
}
