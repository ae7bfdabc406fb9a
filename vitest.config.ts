import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const packages = fileURLToPath(new URL('./packages', import.meta.url));

export default defineConfig({
  resolve: {
    // Tests run on the sources: a stale build can neither hide a fault nor make one.
    alias: [
      {
        find: '@holdopen/runs/conformance',
        replacement: `${packages}/runs/src/conformance/index.ts`,
      },
      {
        find: /^@holdopen\/([a-z-]+)\/([a-z-]+)$/,
        replacement: `${packages}/$1/src/$2.ts`,
      },
      { find: /^@holdopen\/([a-z-]+)$/, replacement: `${packages}/$1/src/index.ts` },
      { find: '#transport', replacement: `${packages}/client/src/transport/server.ts` },
      { find: '#below', replacement: `${packages}/hono/src/below-node.ts` },
    ],
  },
  test: {
    include: [
      'packages/*/src/**/*.test.ts',
      'packages/*/test/**/*.test.ts',
      'test/**/*.test.ts',
      'examples/**/*.test.ts',
      'matrix/test/**/*.test.ts',
      'bench/test/**/*.test.ts',
    ],
    pool: 'forks',
    // Most of them wait for time-outs and for other processes: as many as there are processors would idle.
    maxWorkers: 2 * availableParallelism(),
    testTimeout: 30_000,
    // Hooks install, build and delete: only one that hangs is a fault.
    hookTimeout: 180_000,
    // Real sockets and processes on a machine that is busy: a fault is there three times.
    retry: 2,
  },
});
