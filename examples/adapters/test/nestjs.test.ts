import { describe, expect, test } from 'vitest';
import { keepsItsPromises, type Served } from './support/promises.js';
import { ask } from './support/raw.js';

interface NestApp {
  serve(held: boolean): Promise<Served>;
}

// As a string, so that the type check of the whole repository does not follow.
const { serve } = (await import('./nest/app.mts' as string)) as NestApp;

describe('NestJS', () => {
  const port = keepsItsPromises({
    serve,
    lateError: { statusCode: 422, message: 'too late' },
    created: { method: 'POST' },
    fast: {
      '/fast': {},
      '/fast?posted': { method: 'POST', body: '{"a":"b"}' },
      '/fast?head': { method: 'HEAD' },
      '/fast-error': {},
      '/left': {},
      '/nowhere': {},
    },
  });

  test('what an exception filter answers is the late outcome', async () => {
    const { body, complete } = await ask(port(), '/late-filter');
    expect(complete).toBe(false);
    expect(JSON.parse(`${body}}`)).toEqual({ paper: 'none' });
  });

  test('on a controller nothing is guessed', async () => {
    const page = await ask(port(), '/guessing/page', { accept: 'text/html, */*' });
    expect(page.body).toBe('<p>slow</p>');
    expect(page.head).not.toMatch(/holdopen/i);
    const { body } = await ask(port(), '/guessing/slow', { accept: 'application/json' });
    expect(body).toMatch(/^\n+\{"slow":true\}$/);
  });
});
