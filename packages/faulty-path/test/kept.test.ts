import { once } from 'node:events';
import { expect, test } from 'vitest';
import { createFaultyPath, type FaultyPath } from '../src/index.js';
import { dial, openPath, silentServer } from './support/ends.js';

const server = silentServer();

/** Each is closed before the next. */
async function connectAndLeave(path: FaultyPath, times: number): Promise<void> {
  for (let at = 0; at < times; at += 1) {
    const before = path.forgotten + path.connections.length;
    const client = dial(path);
    await path.waitFor(({ forgotten, connections }) => forgotten + connections.length > before);
    client.resetAndDestroy();
    await path.waitFor(({ connections }) => connections.every(({ state }) => state === 'closed'));
  }
}

test('of closed connections the last are kept, and the others are counted', async () => {
  const path = await openPath({ target: server.port, keepClosed: 3, seed: 1 });
  await connectAndLeave(path, 5);
  expect(path.connections.map(({ number }) => number)).toEqual([3, 4, 5]);
  expect(path.forgotten).toBe(2);
  expect(path.report()).toContain('2 older connections are forgotten\n  #3 ');
});

test('a connection that is open is never forgotten', async () => {
  const path = await openPath({ target: server.port, keepClosed: 0 });
  const client = dial(path);
  await once(client, 'connect');
  await path.waitFor(({ connections }) => connections.length === 1);
  const second = dial(path);
  await path.waitFor(({ connections }) => connections.length === 2);
  second.resetAndDestroy();
  await path.waitFor(({ forgotten }) => forgotten === 1);
  expect(path.connections.map(({ number }) => number)).toEqual([1]);
});

test('whoever waits for a connection gets it, though it is not kept', async () => {
  const path = await openPath({ target: server.port, keepClosed: 0, faults: [{ type: 'refuse' }] });
  const second = path.closed(2);
  dial(path);
  expect((await path.closed(1)).end).toMatchObject({ by: 'path', why: 'refuse' });
  dial(path);
  expect((await second).number).toBe(2);
  await expect(path.closed(1)).rejects.toThrow(/no connection 1 any more: .*keepClosed is 0/);
});

test('the plan goes by the number, also when others are forgotten', async () => {
  const numbers: number[] = [];
  const path = await openPath({
    target: server.port,
    keepClosed: 1,
    faults: (number) => {
      numbers.push(number);
      return [{ type: 'refuse' }];
    },
  });
  for (let number = 1; number <= 4; number += 1) {
    const closed = path.closed(number);
    dial(path);
    await closed;
  }
  expect(numbers).toEqual([1, 2, 3, 4]);
});

test.each([-1, 0.5, Number.NaN])('keepClosed %s is refused', async (keepClosed) => {
  await expect(createFaultyPath({ target: 1, keepClosed })).rejects.toThrow(/whole number from 0/);
});
