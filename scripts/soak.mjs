// `npm run soak -- --minutes N`: sets up and runs the soak.
import { run, say } from './run.mjs';
import { setup } from './setup.mjs';

try {
  await setup({ quiet: true });
  process.exitCode = await run(process.execPath, [
    '--expose-gc',
    '--import',
    'tsx',
    'bench/src/soak/main.ts',
    ...process.argv.slice(2),
  ]);
} catch (error) {
  say(`soak: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
