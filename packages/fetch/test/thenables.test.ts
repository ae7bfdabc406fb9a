// What a handler gives may be a thenable of its own making; it is taken as `await` takes it.
import { expect, onTestFinished, test } from 'vitest';
import { holdOpen } from '../src/index.js';
import { ask, held, QUICK, receive } from './support/call.js';

type Settle = (value: unknown) => void;

function thenable(then: (resolve: Settle, reject: Settle) => void): Promise<Response> {
  return { then } as Promise<Response>;
}

function watchUnhandled(): unknown[] {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  const others = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection').on('unhandledRejection', note);
  onTestFinished(() => {
    process.off('unhandledRejection', note);
    for (const other of others) process.on('unhandledRejection', other);
  });
  return unhandled;
}

const one = () => Response.json({ a: 1 });
const two = () => Response.json({ a: 2 });

test.each([
  ['resolves twice', (resolve: Settle) => [resolve(one()), resolve(two())]],
  ['resolves and rejects', (resolve: Settle, reject: Settle) => [resolve(one()), reject(1)]],
  [
    'resolves and throws',
    (resolve: Settle) => {
      resolve(one());
      throw new Error('too late');
    },
  ],
  ['resolves with a thenable', (resolve: Settle) => resolve(thenable((again) => again(one())))],
])('one that %s counts once', async (_title, settle) => {
  const unhandled = watchUnhandled();
  const response = await holdOpen(() => thenable(settle))(ask());
  expect(await response?.json()).toEqual({ a: 1 });
  await new Promise(setImmediate);
  expect(unhandled).toEqual([]);
});

test('one that resolves twice while it is held counts once', async () => {
  const request = ask();
  const response = await holdOpen(
    () =>
      thenable((resolve) => {
        void held(request).then(() => {
          resolve(one());
          resolve(two());
        });
      }),
    QUICK,
  )(request);
  const { text, error } = await receive(response as Response);
  expect(error).toBeUndefined();
  expect(JSON.parse(text)).toEqual({ a: 1 });
});

test('a lazy one is asked once, also if it fails', async () => {
  let asked = 0;
  const query = thenable((_resolve, reject) => {
    asked += 1;
    reject(new Error('no'));
  });
  await expect(holdOpen(() => query)(ask())).rejects.toThrow('no');
  expect(asked).toBe(1);
});

test('a rejection that nobody looks at is unhandled once, as without holdopen', async () => {
  const unhandled = watchUnhandled();
  void holdOpen(() => Promise.reject(new Error('nobody')))(ask());
  await new Promise(setImmediate);
  expect(unhandled).toMatchObject([{ message: 'nobody' }]);
});
