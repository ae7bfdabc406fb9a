import { expect, test } from 'vitest';
import { drain, holdOpen } from '../../src/index.js';
import { ask, QUICK, readHeldJson, serve, until, VERSIONS } from '../support/index.js';

// A drain ends the whole process's holds for good, so this file has but one.
test('at a shutdown holds end with a late 503 and retry-after, event streams with a retry', async () => {
  const states: (() => string | undefined)[] = [];
  const reasons: unknown[] = [];
  const pending = await Promise.all(
    VERSIONS.map(async ({ express }) => {
      const app = express();
      app.use((req, _res, next) => {
        states.push(() => req.holdOpen?.state);
        next();
      });
      app.post('/work', holdOpen(QUICK), (req) => {
        const signal = req.holdOpen?.signal;
        signal?.addEventListener('abort', () => reasons.push(signal.reason));
      });
      app.get('/events', holdOpen(QUICK), (_req, res) => {
        res.set({ 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
        res.write('data: one\n\n');
      });
      const served = await serve(app);
      const work = ask(served, { method: 'POST', path: '/work' });
      const events = ask(served, { path: '/events' });
      return { work, events };
    }),
  );
  await until('all are held', () => {
    const seen = states.map((state) => state());
    return seen.length === 4 && seen.every((state) => state === 'held' || state === 'streaming');
  });
  const result = await drain({ timeoutMs: 100, retryAfterSeconds: 7 });
  expect(result).toEqual({ finished: 0, ended: 4 });
  for (const { work, events } of pending) {
    const late = await work;
    expect(late.ended).toBe('cut');
    expect(readHeldJson(late.body).lateHead).toEqual({
      status: 503,
      headers: [['retry-after', '7']],
    });
    const stream = await events;
    expect(stream.ended).toBe('complete');
    expect(stream.body).toMatch(/retry: \d+\n\n$/);
  }
  expect(reasons).toMatchObject([{ code: 'HOLDOPEN_DRAINED' }, { code: 'HOLDOPEN_DRAINED' }]);
});
