import { describe, expect, test } from 'vitest';
import { HoldOpenError, holdOpen, type NodeHoldOpenOptions } from '../../src/index.js';

function refusal(call: () => unknown): HoldOpenError {
  try {
    call();
  } catch (error) {
    if (error instanceof HoldOpenError) return error;
    throw error;
  }
  throw new Error('it was taken');
}

const WRONG: [string, unknown, string][] = [
  ['NaN', { intervalMs: Number.NaN }, 'HOLDOPEN_INVALID_OPTION'],
  ['a negative interval', { intervalMs: -1 }, 'HOLDOPEN_INVALID_OPTION'],
  ['an interval below 50 ms', { intervalMs: 49 }, 'HOLDOPEN_INVALID_OPTION'],
  ['an interval beyond a timer', { intervalMs: 2 ** 31 }, 'HOLDOPEN_INVALID_OPTION'],
  ['infinity', { intervalMs: Number.POSITIVE_INFINITY }, 'HOLDOPEN_INVALID_OPTION'],
  ['a text', { intervalMs: '8000' }, 'HOLDOPEN_INVALID_OPTION'],
  ['true', { intervalMs: true }, 'HOLDOPEN_INVALID_OPTION'],
  ['null', { intervalMs: null }, 'HOLDOPEN_INVALID_OPTION'],
  ['firstBeatMs: false', { firstBeatMs: false }, 'HOLDOPEN_INVALID_OPTION'],
  ['a negative first beat', { firstBeatMs: -1 }, 'HOLDOPEN_INVALID_OPTION'],
  ['an unknown format', { format: 'xml' }, 'HOLDOPEN_INVALID_OPTION'],
  [
    'a format without methods',
    { format: { name: 'x', contentType: 'y' } },
    'HOLDOPEN_INVALID_OPTION',
  ],
  ['a frame without a line end', { frame: ': ping' }, 'HOLDOPEN_INVALID_OPTION'],
  ['a frame with an id', { frame: 'id: 1\ndata: x\n\n' }, 'HOLDOPEN_INVALID_OPTION'],
  ['an event without a blank line', { frame: 'event: ping\n' }, 'HOLDOPEN_INVALID_OPTION'],
  ['a broken pad', { pad: 1.5 }, 'HOLDOPEN_INVALID_OPTION'],
  ['an unknown lateError', { lateError: 'throw' }, 'HOLDOPEN_INVALID_OPTION'],
  ['lateHeaders as a text', { lateHeaders: 'x-a' }, 'HOLDOPEN_INVALID_OPTION'],
  ['set-cookie among lateHeaders', { lateHeaders: ['Set-Cookie'] }, 'HOLDOPEN_INVALID_OPTION'],
  ['no header name', { lateHeaders: ['x y'] }, 'HOLDOPEN_INVALID_OPTION'],
  ['a word for maxSilenceMs', { maxSilenceMs: 'long' }, 'HOLDOPEN_INVALID_OPTION'],
  [
    'maxSilenceMs below firstBeatMs',
    { firstBeatMs: 900, maxSilenceMs: 100 },
    'HOLDOPEN_CONFLICTING_OPTIONS',
  ],
  ['an unknown onDisconnect', { onDisconnect: 'ignore' }, 'HOLDOPEN_INVALID_OPTION'],
  ['a broken maxHolds', { maxHolds: -1 }, 'HOLDOPEN_INVALID_OPTION'],
  ['a broken tcpKeepAliveMs', { tcpKeepAliveMs: 'yes' }, 'HOLDOPEN_INVALID_OPTION'],
  ['a hook that is no function', { onBeat: 1 }, 'HOLDOPEN_INVALID_OPTION'],
  ['an outcome hook that is no function', { onLateOutcome: {} }, 'HOLDOPEN_INVALID_OPTION'],
  ['a name that does not exist', { interval: 8_000 }, 'HOLDOPEN_UNKNOWN_OPTION'],
  ['an array', [], 'HOLDOPEN_INVALID_OPTION'],
  ['a text for options', 'fast', 'HOLDOPEN_INVALID_OPTION'],
  ['null for options', null, 'HOLDOPEN_INVALID_OPTION'],
];

describe('wrong options throw where they are given', () => {
  test.each(WRONG)('%s, around a handler and as middleware', (_what, options, code) => {
    const given = options as NodeHoldOpenOptions;
    for (const error of [
      refusal(() => holdOpen(() => {}, given)),
      refusal(() => holdOpen(given)),
    ]) {
      expect(error.code).toBe(code);
      expect(error.message.length).toBeGreaterThan(30);
    }
  });

  test('a handler that is none', () => {
    const call = holdOpen as unknown as (handler: unknown, options: unknown) => unknown;
    expect(refusal(() => call({}, {})).code).toBe('HOLDOPEN_WRONG_MOUNT');
  });

  test('the message says what was given and what to do', () => {
    expect(refusal(() => holdOpen({ intervalMs: 8 })).message).toMatch(/8.*8000/);
    const typo = { intervalms: 8_000 } as NodeHoldOpenOptions;
    expect(refusal(() => holdOpen(typo)).message).toContain('intervalMs');
  });
});
