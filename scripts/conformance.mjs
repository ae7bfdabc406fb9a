// `npm run conformance`: runs the table of behaviours over all adapters, runtimes and versions of HTTP,
// and writes docs/conformance.md if all of it passes.
import { run, say } from './run.mjs';
import { setup } from './setup.mjs';

try {
  await setup({ quiet: true, systemPackages: false });
  process.exitCode = await run(
    'vitest',
    ['run', 'test/conformance/conformance.test.ts', ...process.argv.slice(2)],
    {
      env: { CONFORMANCE_PAGE: 'write' },
    },
  );
} catch (error) {
  say(`conformance: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
