/** A Response that nobody reads does not keep its connection for good. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { until } from '../../../test/support/until.js';
import { type HoldResponse, holdFetch } from '../src/index.js';
import { chunk, chunkedHead, END, HELD, RawServer } from './support/raw-server.js';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

const COUNT = 20;
/** What the runtime may keep of the last one. */
const FEW = 2;

test.each([
  ['that streams', chunkedHead() + chunk('[1,')],
  ['that is held, when its payload has begun', chunkedHead(HELD) + chunk('\n') + chunk('[1,')],
  ['of events', chunkedHead({ type: 'text/event-stream' }) + chunk('data: a\n\n')],
])('one %s gives it back when nobody can read it any more', async (_, answer) => {
  let open = 0;
  await using server = await RawServer.start((socket) => {
    open += 1;
    socket.on('close', () => {
      open -= 1;
    });
    socket.write(answer);
  });
  for (let i = 0; i < COUNT; i += 1) expect((await holdFetch(server.url)).status).toBe(200);
  expect(server.connections).toBe(COUNT);
  await until(
    () => `${open} are closed`,
    () => {
      collect();
      return open <= FEW;
    },
    20_000,
  );
});

test.each([
  ['its promise', (response: HoldResponse) => response.text()],
  [
    'a reader',
    async (response: HoldResponse) => {
      const reader = response.body?.getReader();
      let text = '';
      for (;;) {
        const { value, done } = (await reader?.read()) ?? { done: true };
        if (done) return text;
        text += new TextDecoder().decode(value);
      }
    },
  ],
])('one of which only %s is left is read to its end', async (_, read) => {
  let finish = (): void => {};
  await using server = await RawServer.start((socket) => {
    socket.write(chunkedHead(HELD) + chunk('\n[1,'));
    finish = () => socket.write(chunk('2]') + END);
  });
  const reading = holdFetch(server.url, { holdOpen: { retry: false } }).then(read);
  await until('it is asked', () => server.requests.length === 1);
  for (let i = 0; i < 20; i += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  finish();
  expect(await reading).toBe('[1,2]');
});

test('a clone keeps its body, though nobody keeps the Response that it was made of', async () => {
  await using server = await RawServer.start((socket) =>
    socket.write(chunkedHead() + chunk('{"a":1}') + END),
  );
  const copies: HoldResponse[] = [];
  for (let i = 0; i < COUNT; i += 1) copies.push((await holdFetch(server.url)).clone());
  // What is collected is told of later, and only then its body would be cancelled.
  for (let round = 0; round < 20; round += 1) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const texts = await Promise.all(copies.map((copy) => copy.text()));
  expect(texts).toEqual(Array.from({ length: COUNT }, () => '{"a":1}'));
});
