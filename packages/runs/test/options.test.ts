import { describe, expect, test } from 'vitest';
import { RunError } from '../src/errors.js';
import type { RunsOptions } from '../src/options.js';
import { createRuns } from '../src/runs.js';
import type { RunStore } from '../src/store.js';
import { openMemory } from './support/store.js';

const authorize = () => 'ann';
const shared: RunStore = new Proxy(openMemory(Date.now).store, {
  get: (target, name) => (name === 'instance' ? '' : Reflect.get(target, name)),
});

describe('createRuns refuses', () => {
  const wrong: [name: string, options: unknown, message: RegExp][] = [
    ['no options', undefined, /authorize/],
    ['no authorize', {}, /authorize is required.*session/],
    ['a name it does not know', { authorize, retention: 5 }, /no option retention.*retentionMs/],
    ['a shared store without a secret', { authorize, store: shared }, /openssl rand/],
    ['a promise of a store', { authorize, store: Promise.resolve(shared) }, /awaited/],
    ['half a codec', { authorize, codec: { seal: () => {} } }, /seal.*open/],
    ['a short secret', { authorize, secret: 'short' }, /16/],
    ['a header that is none', { authorize, keyHeader: 'a b' }, /header/],
    ['methods without a body', { authorize, methods: ['HEAD'] }, /methods/],
    ['a wrong onLost', { authorize, onLost: 'again' }, /'tell' or 'rerun'/],
    ['a wrong whileRunning', { authorize, whileRunning: 'wait' }, /'attach' or 'refuse'/],
    ['no number', { authorize, maxBodyBytes: Number.NaN }, /maxBodyBytes.*NaN/],
    ['a negative time', { authorize, retentionMs: -1 }, /retentionMs.*-1/],
    ['a path without a slash', { authorize, basePath: 'runs' }, /slash/],
    ['a path that ends a header', { authorize, basePath: '/a>\r\nx: y' }, /slash/],
    ['to keep cookies', { authorize, keepHeaders: ['Set-Cookie'] }, /set-cookie/],
    ['to keep CORS', { authorize, keepHeaders: ['access-control-allow-origin'] }, /option cors/],
    [
      'cookies for all origins',
      { authorize, cors: { origins: '*', credentials: true } },
      /by name/,
    ],
    ['origins that are none', { authorize, cors: { origins: 5 } }, /cors.origins/],
    ['a key that is no function', { authorize, key: 'x' }, /key must be a function/],
  ];

  test.each(wrong)('%s', (_, options, message) => {
    let error: unknown;
    try {
      createRuns(options as RunsOptions);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(RunError);
    expect((error as RunError).code).toBe('invalid_option');
    expect((error as RunError).message).toMatch(message);
  });

  test('and never shows a secret in its message', () => {
    const options = { authorize, secret: 'hunter2' };
    expect(() => createRuns(options)).toThrow(RunError);
    try {
      createRuns(options);
    } catch (error) {
      expect(JSON.stringify(error) + String(error)).not.toContain('hunter2');
    }
  });
});
