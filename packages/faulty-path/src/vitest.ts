import { test as base } from 'vitest';
import type { FaultyPathOptions } from './options.js';
import { createFaultyPath, type FaultyPath } from './path.js';

export interface FaultyPathFixture {
  /**
   * Opens a path that is closed behind the test. If the test fails, the seed and what became of each
   * connection are printed; `FAULTY_PATH_SEED` in the environment repeats it.
   */
  readonly openPath: (options: FaultyPathOptions) => Promise<FaultyPath>;
}

/**
 * vitest's `test` with `openPath`.
 *
 * @example
 * test('a lost connection is made again', async ({ openPath }) => {
 *   const path = await openPath({ target, faults: [{ type: 'cut', atByte: [1, 500] }] });
 * });
 */
export const test = base.extend<FaultyPathFixture>({
  openPath: async ({ task }, use) => {
    const paths: FaultyPath[] = [];
    const given = process.env.FAULTY_PATH_SEED;
    await use(async (options) => {
      const seed = options.seed ?? (given === undefined ? undefined : Number(given));
      const path = await createFaultyPath(seed === undefined ? options : { ...options, seed });
      paths.push(path);
      return path;
    });
    if (task.result?.state === 'fail') for (const path of paths) console.error(path.report());
    for (const path of paths) await path.close();
  },
});
