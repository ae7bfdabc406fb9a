// The same without a server: status, headers and body as behind a middleware that does nothing.
import { Hono, type MiddlewareHandler } from 'hono';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type FetchApp, holdOpen } from '../../src/index.js';
import { requestOf } from '../support/index.js';
import { type DocumentedApp, line } from './app.js';
import { APPS } from './index.js';

const ALL = APPS.filter(({ onlyNode }) => onlyNode !== true);

beforeEach(() => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
});
afterEach(() => void vi.restoreAllMocks());

const empty: MiddlewareHandler = async (_c, next) => {
  await next();
};

async function answersOf(documented: DocumentedApp, app: FetchApp): Promise<unknown> {
  const answers: Record<string, unknown> = {};
  for (const question of documented.requests) {
    const response = await app.fetch(requestOf(question));
    const { status, statusText, headers } = response;
    const body = Buffer.from(await response.arrayBuffer()).toString('latin1');
    answers[line(question)] = { status, statusText, headers: [...headers], body };
  }
  return answers;
}

function build(documented: DocumentedApp, middleware?: MiddlewareHandler): Hono {
  const app = new Hono();
  if (middleware !== undefined) app.use(middleware);
  documented.build(app);
  return app;
}

test.each(ALL)('$title: nothing changes', async (documented) => {
  let watched = 0;
  const bare = await answersOf(documented, build(documented, empty));
  const app = new Hono();
  app.use(holdOpen(), async (c, next) => {
    if (c.get('holdOpen').state === 'waiting') watched += 1;
    await next();
  });
  documented.build(app);
  expect(await answersOf(documented, app)).toEqual(bare);
  expect(watched).toBeGreaterThanOrEqual(documented.requests.length);
});

test.each(ALL)('$title: nothing changes around the app', async (documented) => {
  const bare = await answersOf(documented, build(documented));
  expect(await answersOf(documented, holdOpen(build(documented)))).toEqual(bare);
});
