import { setTimeout as sleep } from 'node:timers/promises';
import { holdOpen } from '@holdopen/node';
import { expect, test } from 'vitest';
import { importBlock } from './import-block.js';
import { serving } from './serve.js';

interface Reader {
  trueStatus(response: Response, text: string): number;
}

test.each([
  [422, 200],
  [201, 200],
  [200, 200],
  [404, 0],
])(
  'docs/late-outcomes.md reads the true status %i of an answer after %i ms',
  async (status, ms) => {
    const { trueStatus } = (await importBlock('docs/late-outcomes.md', 2)) as Reader;
    const listener = holdOpen(
      async (_req, res) => {
        await sleep(ms);
        res.writeHead(status, { 'Content-Type': 'application/json', 'Retry-After': '5' });
        res.end('{"late":true}');
      },
      { intervalMs: 50, lateError: 'body' },
    );
    await serving(listener, async (url) => {
      const response = await fetch(url);
      expect(response.status).toBe(ms === 0 ? status : 200);
      expect(trueStatus(response, await response.text())).toBe(status);
    });
  },
);
