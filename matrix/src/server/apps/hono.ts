import { holdOpen } from '@holdopen/hono';
import { Hono } from 'hono';
import { HELD_NAMES } from '../cases.js';
import type { Stage } from '../stage.js';
import { responseOf } from './fetch.js';

export function honoApp(stage: Stage): Hono {
  const app = new Hono();
  for (const name of HELD_NAMES) {
    // Behind a path with a star it would be mounted globally, where nothing is guessed.
    app.all(`/:wire/${name}/:workMs/:id`, holdOpen(stage.holdOptions(name)), async (c) => {
      const { url, method } = c.req.raw;
      const { signal } = c.get('holdOpen');
      return responseOf(await stage.play({ url, method, body: await c.req.text(), signal }));
    });
  }
  app.all('*', async (c) => {
    const { url, method } = c.req.raw;
    return responseOf(await stage.play({ url, method, body: await c.req.text() }));
  });
  return app;
}
