import { holdOpen } from '@holdopen/express';
import express from 'express';
import express4 from 'express-4';
import { describe, expect, test } from 'vitest';
import { ask } from '../../../node/test/held/support/ask.js';
import { readHeldJson } from '../../../node/test/held/support/payload.js';
import { QUICK, serve } from '../../../node/test/held/support/serve.js';
import { quiet } from '../../../node/test/held/support/wait.js';

describe.each([
  ['Express 5', express],
  ['Express 4', express4 as unknown as typeof express],
])('in %s', (_name, create) => {
  test.each([
    ['the app first', ['/p', '/sub/f', '/sub/deep/f']],
    ['the innermost app first', ['/sub/deep/f', '/sub/f', '/p']],
  ])('apps that are mounted in one another answer, %s', async (_order, paths) => {
    const app = create();
    const sub = create();
    const deep = create();
    app.get('/p', holdOpen(), (_req, res) => void res.json({ at: 'p' }));
    sub.get('/f', holdOpen(), (_req, res) => void res.json({ at: 'f' }));
    deep.get('/f', holdOpen(QUICK), async (_req, res) => {
      await quiet(150);
      res.status(201).json({ at: 'deep' });
    });
    sub.use('/deep', deep);
    app.use('/sub', sub);
    const served = await serve(app);
    for (const path of [...paths, ...paths]) {
      const reply = await ask(served, { path });
      expect(reply.ended).toBe('complete');
      if (path !== '/sub/deep/f') {
        expect(JSON.parse(reply.body)).toEqual({ at: path.slice(-1) });
        expect(reply.headers).not.toHaveProperty('holdopen');
      } else {
        expect(readHeldJson(reply.body)).toMatchObject({
          payload: '{"at":"deep"}',
          lateHead: { status: 201 },
        });
      }
    }
  });
});
