import { afterEach, expect, test, vi } from 'vitest';
import { getHold, HoldOpenError, holdOpen } from '../src/index.js';
import { ask, QUICK, quiet } from './support/call.js';

afterEach(() => void vi.unstubAllEnvs());

const handler = async (): Promise<Response> => new Response();

test.each([
  [{ intervalMs: Number.NaN }, 'HOLDOPEN_INVALID_OPTION', 'intervalMs'],
  [{ intervalMs: 8 }, 'HOLDOPEN_INVALID_OPTION', 'intervalMs'],
  [{ firstBeatMs: -1 }, 'HOLDOPEN_INVALID_OPTION', 'firstBeatMs'],
  [{ interval: 8_000 }, 'HOLDOPEN_UNKNOWN_OPTION', 'interval'],
  [{ header: () => ({}) }, 'HOLDOPEN_UNKNOWN_OPTION', 'header'],
  [{ headers: { a: '1' } }, 'HOLDOPEN_INVALID_OPTION', 'headers'],
  [{ headers: null }, 'HOLDOPEN_INVALID_OPTION', 'headers'],
])('%j is refused at once', (options, code, option) => {
  expect(() => holdOpen(handler, options as never)).toThrow(
    expect.objectContaining({ name: 'HoldOpenError', code, option }),
  );
});

test.each([undefined, null, {}, 'x', { intervalMs: 8_000 }])('%j is no handler', (given) => {
  let error: unknown;
  try {
    holdOpen(given as never);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(HoldOpenError);
  expect(error).toMatchObject({ code: 'HOLDOPEN_WRONG_MOUNT', given });
  expect(String(error)).toContain('holdOpen((request) => new Response())');
});

test.each([
  ['intervalMs: false', () => holdOpen(slow, { ...QUICK, intervalMs: false })],
  [
    'HOLDOPEN=off',
    () => {
      vi.stubEnv('HOLDOPEN', 'off');
      return holdOpen(slow, QUICK);
    },
  ],
])('%s switches it off', async (_what, mount) => {
  const held = mount();
  const request = ask();
  expect(getHold(request).state).toBe('off');
  expect(await held(request)).toBe(response);
  expect(getHold(request)).toMatchObject({ state: 'off', id: '' });
  expect(getHold(request).signal.aborted).toBe(false);
  getHold(request).touch();
});

const response = new Response();

async function slow(request: Request): Promise<Response> {
  expect(getHold(request).state).toBe('off');
  await quiet(60);
  return response;
}
