import { createServer, type ServerResponse } from 'node:http';
import type { ErrorRequestHandler, NextFunction, Request, RequestHandler, Response } from 'express';
import { describe, expect, test } from 'vitest';
import { HoldOpenError, holdOpen } from '../src/index.js';
import { ask, installedVersion, serve, until, VERSIONS } from './support/index.js';

/** As JavaScript calls it, which knows no types. */
const untyped = holdOpen as (...given: unknown[]) => RequestHandler;

function thrownBy(call: () => unknown): HoldOpenError {
  try {
    call();
  } catch (error) {
    if (error instanceof HoldOpenError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

test('the two versions are two versions', () => {
  expect(installedVersion('express')).toMatch(/^5\./);
  expect(installedVersion('express-4')).toMatch(/^4\./);
});

test.each([
  ['a handler', () => untyped((_req: Request, res: Response) => res.end())],
  ['a handler and options', () => untyped(() => {}, { intervalMs: 8_000 })],
])('%s is refused, and the message says where the handler belongs', (_what, call) => {
  const error = thrownBy(call);
  expect(error.code).toBe('HOLDOPEN_WRONG_MOUNT');
  expect(error.message).toContain('app.post(path, holdOpen(options), handler)');
});

test('options and something else are refused', () => {
  const error = thrownBy(() => untyped({}, {}));
  expect(error.code).toBe('HOLDOPEN_WRONG_MOUNT');
  expect(error.message).toContain('takes its options alone');
});

test('wrong options are refused when it is mounted', () => {
  expect(thrownBy(() => holdOpen({ intervalMs: 5 }))).toMatchObject({
    code: 'HOLDOPEN_INVALID_OPTION',
    option: 'intervalMs',
  });
  expect(thrownBy(() => untyped({ interval: 8_000 })).code).toBe('HOLDOPEN_UNKNOWN_OPTION');
});

describe.each(VERSIONS)('in $name', ({ express }) => {
  async function errorOf(mount: (app: ReturnType<typeof express>) => void): Promise<unknown> {
    const app = express();
    const errors: unknown[] = [];
    mount(app);
    app.get('/', (_req, res) => void res.send('served'));
    const tell: ErrorRequestHandler = (error, _req, res, _next) => {
      errors.push(error);
      res.status(500).end();
    };
    app.use(tell);
    const reply = await ask(await serve(app));
    expect(reply.status).toBe(500);
    return errors[0];
  }

  test('app.use(holdOpen), without parentheses, fails at the first request and names the cure', async () => {
    const error = await errorOf((app) => app.use(holdOpen as unknown as RequestHandler));
    expect(error).toMatchObject({ code: 'HOLDOPEN_WRONG_MOUNT' });
    expect((error as Error).message).toContain('with parentheses');
  });

  test('it is no error handler', async () => {
    const keepOpen = holdOpen() as unknown as (...args: unknown[]) => void;
    const error = await errorOf((app) => {
      app.use((_req, _res, next) => next(new Error('first')));
      app.use((error: Error, req: Request, res: Response, next: NextFunction) => {
        keepOpen(error, req, res, next);
      });
    });
    expect(error).toMatchObject({ code: 'HOLDOPEN_WRONG_MOUNT' });
    expect((error as Error).message).toContain('(err, req, res, next)');
  });
});

test('it is no request listener, and the message says which package has one', async () => {
  const listener = holdOpen() as unknown as (req: unknown, res: ServerResponse) => void;
  const errors: unknown[] = [];
  const server = createServer((req, res) => {
    try {
      listener(req, res);
    } catch (error) {
      errors.push(error);
      res.end();
    }
  });
  await ask(await serve((req, res) => server.emit('request', req, res)));
  await until('it was called', () => errors.length > 0);
  expect((errors[0] as Error).message).toContain('@holdopen/node');
});
