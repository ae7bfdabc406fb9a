import { Buffer } from 'node:buffer';
import { expect, test, vi } from 'vitest';
import type { BeatFormat } from '../../src/index.js';
import { ask } from './support/ask.js';
import { serveHeld } from './support/serve.js';
import { held, until } from './support/wait.js';

const LINES: BeatFormat = {
  name: 'lines',
  contentType: 'text/plain',
  matches: (type) => type === 'text/plain',
  createTracker: () => ({ push() {}, place: () => 'boundary' }),
  beat: () => Buffer.from('\n'),
  lateFailure: ({ json }) => ({ text: json, cut: false }),
};

const failing = (): never => {
  throw new Error('the format failed');
};
const wrong = (value: unknown) => (): never => value as never;

test.each<[string, Partial<BeatFormat>]>([
  ['whose beat throws', { beat: failing }],
  ['whose beat is no bytes', { beat: wrong(42) }],
  ['whose matches throws', { matches: failing }],
  ['whose createTracker throws', { createTracker: failing }],
  ['whose tracker throws', { createTracker: () => ({ push: failing, place: failing }) }],
  ['whose tracker is lost', { createTracker: () => ({ push() {}, place: wrong('nowhere') }) }],
])('a format %s costs beats, and the silence has its limit all the same', async (_name, faults) => {
  const report = vi.spyOn(console, 'error').mockImplementation(() => {});
  const served = await serveHeld(() => {}, {
    format: { ...LINES, ...faults },
    maxSilenceMs: 200,
  });
  const reply = await ask(served);
  expect(reply.body).toContain('"code":"silence"');
  expect(report.mock.calls.length).toBeLessThan(5);
  report.mockRestore();
});

test.each([
  ['throws', failing],
  ['gives no ending', wrong({})],
])('a failure in a format whose lateFailure %s is cut', async (_name, lateFailure) => {
  const report = vi.spyOn(console, 'error').mockImplementation(() => {});
  const served = await serveHeld(
    async (req) => {
      await held(req);
      throw new Error('late');
    },
    { format: { ...LINES, lateFailure } },
  );
  expect((await ask(served)).ended).toBe('cut');
  report.mockRestore();
});

test('a format that throws once goes on with its next beat', async () => {
  const report = vi.spyOn(console, 'error').mockImplementation(() => {});
  let calls = 0;
  const served = await serveHeld(
    async (_req, res) => {
      await until('it was asked again', () => calls > 2);
      res.setHeader('Content-Type', 'text/plain');
      res.end('done');
    },
    {
      format: {
        ...LINES,
        beat() {
          calls += 1;
          return calls === 1 ? failing() : Buffer.from('\n');
        },
      },
    },
  );
  expect((await ask(served)).body).toMatch(/^\n+done$/);
  report.mockRestore();
});
