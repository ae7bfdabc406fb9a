// `npm run demo`: sets up and runs the example. stdout carries the example's output only.
import { run, say } from './run.mjs';
import { setup } from './setup.mjs';

try {
  say('Setting up (the first time takes about a minute) …');
  await setup({ quiet: true, systemPackages: false });
  process.exitCode = await run(process.execPath, [
    '--import',
    'tsx',
    'examples/agent-server/src/demo.ts',
    ...process.argv.slice(2),
  ]);
} catch (error) {
  say(`demo: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
