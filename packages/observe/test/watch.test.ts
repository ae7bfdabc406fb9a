import type { Counter, Histogram, Meter } from '@opentelemetry/api';
import { createNoopMeter } from '@opentelemetry/api';
import { expect, onTestFinished, test, vi } from 'vitest';
import { watchHolds } from '../src/index.js';
import { createTelemetry } from '../src/otel.js';
import { failing } from './support/failures.js';
import { ask, pause, serve } from './support/serve.js';

function broken(): never {
  throw new Error('the exporter is broken');
}

/** As one of somebody's own may be. */
const meter: Meter = {
  ...createNoopMeter(),
  createCounter: (): Counter => ({ add: broken }),
  createUpDownCounter: (): Counter => ({ add: broken }),
  createHistogram: (): Histogram => ({ record: broken }),
};

test.each<[string, () => () => void]>([
  ['a listener that throws', () => watchHolds(broken)],
  ['a listener that rejects', () => watchHolds(async () => broken())],
  ['a meter that throws', () => createTelemetry({ metrics: meter, spans: false })],
])('%s harms no response and no process, and is said once', async (_what, watch) => {
  const uncaught: unknown[] = [];
  const onUncaught = (error: unknown): void => void uncaught.push(error);
  const standing = process.rawListeners('uncaughtException') as (() => void)[];
  process.removeAllListeners('uncaughtException').on('uncaughtException', onUncaught);
  process.on('unhandledRejection', onUncaught);
  const said = vi.spyOn(console, 'error').mockImplementation(() => {});
  const stop = watch();
  onTestFinished(() => {
    stop();
    said.mockRestore();
    process.off('unhandledRejection', onUncaught).off('uncaughtException', onUncaught);
    for (const listener of standing) process.on('uncaughtException', listener);
  });
  const origin = await serve(failing());
  for (let i = 0; i < 2; i++) expect((await ask(`${origin}/slow`)).trim()).toBe('{"done":true}');
  await pause(20);
  expect(uncaught).toEqual([]);
  expect(said).toHaveBeenCalledTimes(1);
  expect(String(said.mock.calls[0]?.[1])).toContain('the exporter is broken');
});
