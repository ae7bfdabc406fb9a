// `npm run bench`: sets up and runs the benchmarks.
import { run, say } from './run.mjs';
import { setup } from './setup.mjs';

try {
  await setup({ quiet: true, systemPackages: false });
  process.exitCode = await run(process.execPath, [
    '--expose-gc',
    '--import',
    'tsx',
    'bench/src/main.ts',
    ...process.argv.slice(2),
  ]);
} catch (error) {
  say(`bench: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
