/** A machine that slept, on a connection that did not notice. */
import { expect, test } from 'vitest';
import { quiet, until } from '../../../test/support/until.js';
import { Call } from '../src/call.js';
import { EventStream } from '../src/events/event-stream.js';
import { readOptions } from '../src/options.js';
import { Outgoing } from '../src/request.js';
import { FakeRuntime } from './support/fake-runtime.js';
import { numbers, RunServer } from './support/run-server.js';

test('a page is not told that its connection is lost when it is not', async () => {
  await using server = await RunServer.start((self) => numbers(4, self));
  const states: string[] = [];
  const onState = ({ state }: { state: string }) => states.push(state);
  const runtime = new FakeRuntime();
  const settings = readOptions({ idempotencyKey: true, onState }, 'isTerminal');
  const outgoing = new Outgoing(server.url, { method: 'POST', body: '{}' });
  const events = new EventStream(new Call(outgoing, settings, runtime), undefined);
  const data: (string | undefined)[] = [];
  for (let i = 0; i < 2; i += 1) data.push((await events.next()).value?.data);
  const next = events.next();
  const hasAsked = () => server.requests.some(({ path }) => /^\/runs\/[^/]+$/.test(path));
  await until('it waits', async () => {
    await runtime.sleep(12_000);
    await quiet(100);
    return hasAsked();
  });
  server.gate.open();
  data.push((await next).value?.data);
  for await (const event of events) data.push(event.data);
  expect(data).toEqual(['0', '1', '2', '3']);
  expect(states.filter((state) => state !== 'silent')).not.toContain('running');
  expect(states.at(-1)).toBe('completed');
});
