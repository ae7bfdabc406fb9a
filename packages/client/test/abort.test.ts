/** Who leaves is heard, whatever is being waited for, and before anything is sent as well. */
import { describe, expect, test } from 'vitest';
import { until } from '../../../test/support/until.js';
import { type HoldRequestInit, holdEvents, holdFetch } from '../src/index.js';
import { Gate } from './support/gate.js';
import { keeping } from './support/keeping.js';
import { RawServer } from './support/raw-server.js';

/** What never comes, or when the gate is opened. `asked` counts how often it was waited for. */
class Hanging extends Gate {
  asked = 0;

  async wait(): Promise<void> {
    this.asked += 1;
    await this.opened;
  }
}

const WAITS: Record<string, (hanging: Hanging) => HoldRequestInit> = {
  'a headers function': (hanging) => ({
    headers: async () => {
      await hanging.wait();
      return {};
    },
  }),
  'a storage that is read': (hanging) => {
    const { storage } = keeping();
    const getItem = async () => {
      await hanging.wait();
      return null;
    };
    return { holdOpen: { persist: { storage: { ...storage, getItem }, name: 'a' } } };
  },
  'a storage that is written': (hanging) => {
    const { storage } = keeping();
    const setItem = () => hanging.wait();
    return { holdOpen: { persist: { storage: { ...storage, setItem }, name: 'b' } } };
  },
  'a body that is read for its key': (hanging) => {
    const pull = async (controller: ReadableStreamDefaultController) => {
      await hanging.wait();
      controller.close();
    };
    const body = new ReadableStream({ pull }, { highWaterMark: 0 });
    return { body, ...{ duplex: 'half' }, holdOpen: { idempotencyKey: 'k' } };
  },
};

const ASKS: Record<string, (url: string, init: HoldRequestInit) => Promise<unknown>> = {
  holdFetch,
  holdEvents: (url, init) => holdEvents(url, init as object).next(),
};

const REASON = new Error('enough');

describe.each(Object.keys(WAITS))('%s hangs', (what) => {
  const waits = WAITS[what] as (typeof WAITS)[string];

  test.each(Object.keys(ASKS))('and %s rejects with the reason of its signal', async (name) => {
    await using server = await RawServer.start(() => {});
    const hanging = new Hanging();
    const { signal, ...controller } = abortable();
    const init = { method: 'POST', ...waits(hanging), signal };
    const asking = ASKS[name]?.(server.url, init).catch((error) => error);
    await until('it is waited for', () => hanging.asked === 1);
    controller.abort();
    expect(await asking).toBe(REASON);
    hanging.open();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(server.requests).toEqual([]);
  });

  test('and who leaves its events waits for nothing', async () => {
    await using server = await RawServer.start(() => {});
    const hanging = new Hanging();
    const events = holdEvents(server.url, { method: 'POST', ...waits(hanging) } as object);
    const next = events.next();
    await until('it is waited for', () => hanging.asked === 1);
    await events.return?.();
    expect(await next).toEqual({ done: true, value: undefined });
    hanging.open();
  });

  test.each(Object.keys(ASKS))('and who has left already asks nobody: %s', async (name) => {
    const hanging = new Hanging();
    const signal = AbortSignal.abort(REASON);
    const init = { method: 'POST', ...waits(hanging), signal };
    const error = await ASKS[name]?.('http://127.0.0.1:9/', init).catch((error) => error);
    expect([error, hanging.asked]).toEqual([REASON, 0]);
  });
});

function abortable() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort(REASON) };
}
