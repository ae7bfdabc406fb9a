import { defineConfig } from 'vitest/config';

/** Not among our own tests, for it fails. */
export default defineConfig({
  test: { include: ['packages/faulty-path/test/failing/fails.ts'], testTimeout: 60_000 },
});
