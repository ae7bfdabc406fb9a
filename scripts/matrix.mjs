// `npm run matrix`: sets up and runs real clients and real proxies against holdopen.
import { run, say } from './run.mjs';
import { setup } from './setup.mjs';
import { installMatrixPackages } from './system-packages.mjs';

try {
  await setup({ quiet: true });
  await installMatrixPackages();
  process.exitCode = await run(process.execPath, [
    '--import',
    'tsx',
    'matrix/src/main.ts',
    ...process.argv.slice(2),
  ]);
} catch (error) {
  say(`matrix: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
