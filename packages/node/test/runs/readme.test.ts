import { test } from 'vitest';
import { server } from './readme-server.js';
import { expectInReadme, expectRuns } from './support/readme.js';

test('the README shows a server that runs', async () => {
  expectInReadme(new URL('../../', import.meta.url), new URL('readme-server.ts', import.meta.url));
  await expectRuns(server, '/reports');
});
