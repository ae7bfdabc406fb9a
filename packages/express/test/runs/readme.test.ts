import { createServer } from 'node:http';
import { test } from 'vitest';
import { expectInReadme, expectRuns } from '../../../node/test/runs/support/readme.js';
import { app } from './readme-app.js';

test('the README shows a server that runs', async () => {
  expectInReadme(new URL('../../', import.meta.url), new URL('readme-app.ts', import.meta.url));
  await expectRuns(createServer(app), '/reports');
});
