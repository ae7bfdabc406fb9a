import {
  checkFormat,
  DEFAULT_INTERVAL_MS,
  DEFAULT_MAX_HOLDS,
  DEFAULT_MAX_SILENCE_MS,
  DEFAULT_TCP_KEEP_ALIVE_MS,
  HoldOpenError,
  type HoldOpenOptions,
  MAX_TIMER_MS,
  resolveOptions,
} from '@holdopen/core';
import { describe, expect, test } from 'vitest';
import { decode } from './support.js';

/** Options as a JavaScript user may write them: of any kind at all. */
function refusal(options: unknown): HoldOpenError {
  try {
    resolveOptions(options as HoldOpenOptions);
  } catch (error) {
    if (error instanceof HoldOpenError) return error;
    throw error;
  }
  throw new Error(`${String(options)} was accepted`);
}

const NEVER_A_NUMBER = [
  Number.NaN,
  -1,
  '8000',
  '',
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  null,
  true,
  [],
  [8000],
  {},
  8000n,
  () => 8000,
  Symbol('8000'),
];

describe('the defaults', () => {
  test('are those of the documentation', () => {
    const settings = resolveOptions();
    expect(settings).toMatchObject({
      enabled: true,
      intervalMs: 8_000,
      firstBeatMs: 8_000,
      format: 'auto',
      lateError: 'cut',
      maxSilenceMs: 4 * 3_600_000,
      maxSilenceGiven: false,
      onDisconnect: 'abort',
      maxHolds: 100_000,
      tcpKeepAliveMs: 30_000,
      onBeat: undefined,
      onLateOutcome: undefined,
    });
    expect([...settings.lateHeaders]).toEqual([]);
    expect(decode(settings.formats.sse.beat('boundary', false) ?? new Uint8Array())).toBe(
      ': keepalive\n\n',
    );
    expect(decode(settings.formats.json.beat('boundary', false) ?? new Uint8Array())).toBe('\n');
    const constants = [DEFAULT_INTERVAL_MS, DEFAULT_MAX_SILENCE_MS, DEFAULT_MAX_HOLDS];
    expect([...constants, DEFAULT_TCP_KEEP_ALIVE_MS]).toEqual([8_000, 14_400_000, 100_000, 30_000]);
  });

  test('take the place of options that are undefined', () => {
    const names = Object.keys(resolveOptions());
    const given = Object.fromEntries(
      ['intervalMs', 'firstBeatMs', 'format', 'frame', 'pad', 'lateError', 'lateHeaders']
        .concat('maxSilenceMs', 'onDisconnect', 'maxHolds', 'tcpKeepAliveMs')
        .concat('onBeat', 'onLateOutcome')
        .map((name) => [name, undefined]),
    );
    const settings = resolveOptions(given);
    expect(Object.keys(settings)).toEqual(names);
    expect(settings.intervalMs).toBe(DEFAULT_INTERVAL_MS);
    expect(settings.maxSilenceGiven).toBe(false);
  });

  test('withhold the head for one interval, however long that is', () => {
    expect(resolveOptions({ intervalMs: 500 }).firstBeatMs).toBe(500);
    expect(resolveOptions({ intervalMs: 500, firstBeatMs: 0 }).firstBeatMs).toBe(0);
  });

  test('allow a silence of one interval at least', () => {
    const intervalMs = 5 * 3_600_000;
    expect(resolveOptions({ intervalMs }).maxSilenceMs).toBe(intervalMs);
  });
});

describe.each([
  ['intervalMs', 50, true],
  ['firstBeatMs', 0, false],
  ['maxSilenceMs', 50, true],
  ['tcpKeepAliveMs', 1_000, true],
] as const)('%s', (name, least, mayBeOff) => {
  const wrong: unknown[] = [...NEVER_A_NUMBER, 2 ** 31, ...(least > 0 ? [least - 1, 0.5] : [])];

  test.each(mayBeOff ? wrong : [...wrong, false])('is refused when it is %o', (value) => {
    const error = refusal({ [name]: value });
    expect(error.code).toBe('HOLDOPEN_INVALID_OPTION');
    expect(error.option).toBe(name);
    expect(error.given).toBe(value);
    expect(error.message).toContain(`${name} must be a number of milliseconds from ${least} to`);
    if (mayBeOff) expect(error.message).toContain('or false to switch it off');
  });

  test('may be the least and the largest that a timer can wait', () => {
    // firstBeatMs and maxSilenceMs must fit each other.
    const fitting = { firstBeatMs: 0, maxSilenceMs: false as const };
    for (const value of [least, MAX_TIMER_MS]) {
      expect(resolveOptions({ ...fitting, [name]: value })[name]).toBe(value);
    }
  });

  test('is not advised to be what would be refused again', () => {
    for (const value of ['10', '-5', 'Infinity', '1e99', 'abc', '8000', 0.001, 0.5, 8, 30]) {
      const { message } = refusalOrNothing({ [name]: value }) ?? {};
      const advised = /(?:such as|write) (\S+)\.$/.exec(message ?? '')?.[1];
      if (advised === undefined) continue;
      const settings = { firstBeatMs: 0, maxSilenceMs: false as const, [name]: Number(advised) };
      expect(() => resolveOptions(settings), message).not.toThrow();
    }
  });
});

function refusalOrNothing(options: HoldOpenOptions | Record<string, unknown>) {
  try {
    resolveOptions(options);
    return undefined;
  } catch (error) {
    return error instanceof HoldOpenError ? error : undefined;
  }
}

describe('a time in seconds', () => {
  test('is recognised and answered with its milliseconds', () => {
    expect(refusal({ intervalMs: 8 }).message).toContain('If you meant seconds, write 8000.');
    expect(refusal({ intervalMs: '8000' }).message).toContain('Give a number, such as 8000.');
  });
});

describe('switching off', () => {
  test('works by the interval and by the environment', () => {
    expect(resolveOptions({ intervalMs: false }).enabled).toBe(false);
    for (const environment of ['off', 'OFF', ' off ']) {
      expect(resolveOptions({}, { environment }).enabled).toBe(false);
    }
    for (const environment of [undefined, '', 'on', '0', 'offline']) {
      expect(resolveOptions({}, { environment }).enabled).toBe(true);
    }
  });

  test('does not switch off the checks', () => {
    expect(() => resolveOptions({ pad: -1 }, { environment: 'off' })).toThrow(HoldOpenError);
    expect(refusal({ intervalMs: false, pad: -1 }).option).toBe('pad');
  });

  test('of the silence limit and of TCP keep-alive is possible', () => {
    const settings = resolveOptions({ maxSilenceMs: false, tcpKeepAliveMs: false });
    expect(settings).toMatchObject({ maxSilenceMs: false, tcpKeepAliveMs: false });
    expect(settings.maxSilenceGiven).toBe(true);
  });
});

describe.each([
  ['pad', 65_536],
  ['maxHolds', Number.MAX_SAFE_INTEGER],
] as const)('%s', (name, most) => {
  test.each([...NEVER_A_NUMBER, 1.5, most + 1, false])('is refused when it is %o', (value) => {
    const error = refusal({ [name]: value });
    expect(error).toMatchObject({ code: 'HOLDOPEN_INVALID_OPTION', option: name });
    expect(error.message).toContain(`${name} must be a whole number from 0 to ${most}`);
  });

  test('may be 0', () => {
    expect(() => resolveOptions({ [name]: 0 })).not.toThrow();
  });
});

describe('the other options', () => {
  const cases: [keyof HoldOpenOptions, unknown[], RegExp][] = [
    [
      'format',
      ['xml', '', 'JSON', null, 1, true, [], {}, { name: 'x' }],
      /must be one of 'auto', 'json', 'sse', 'ndjson', 'json-seq', a BeatFormat.* or a function of the request/,
    ],
    ['frame', [1, null, true, [], {}], /must be a string, such as ': keepalive\\n\\n'/],
    ['frame', ['', ':', ': x\n\n:'], /must end with a line feed.*add/],
    ['frame', [':\r\n', ':\r\n\n'], /line feeds only/],
    ['frame', ['id: 1\n\n', 'event: x\nid\n\n'], /Last-Event-ID/],
    ['frame', ['data\n\n', 'data: x\n\n', 'event:\ndata: x\n\n'], /must have an event name/],
    ['frame', ['\ufeffid: 7\n\n'], /byte order mark/],
    ['frame', ['event: ping\n', 'event: ping\ndata: x\n'], /must end with a blank line.*\\n\\n/],
    ['lateError', ['end', '', null, 1, true, [], {}], /must be 'cut', 'body' or a function/],
    ['lateHeaders', ['x', null, 1, true, {}, [1], ['x', null]], /must be an array of header names/],
    ['lateHeaders', [['Set-Cookie']], /set the cookie before the first beat/i],
    ['lateHeaders', [['x y'], [''], ['a:b'], ['é']], /cannot travel in a late head/],
    ['lateHeaders', [['Content-Type'], ['etag'], ['Connection']], /not its own any more/],
    ['onDisconnect', ['stop', '', null, 1, true, false, []], /must be 'abort' or 'continue'/],
    ['onBeat', ['x', null, 1, true, false, {}], /onBeat must be a function/],
    ['onLateOutcome', ['x', null, 1, true, false, {}], /onLateOutcome must be a function/],
  ];

  test.each(cases)('%s refuses %o and says what to do', (name, values, message) => {
    for (const value of values) {
      const error = refusal({ [name]: value });
      expect(error).toMatchObject({ code: 'HOLDOPEN_INVALID_OPTION', option: name, given: value });
      expect(error.message).toMatch(message);
      expect(error.name).toBe('HoldOpenError');
    }
  });

  test.each([
    '\n',
    ':\n',
    ': x\n',
    ': a\n: b\n\n',
    'event: ping\ndata: {}\n\n',
    'event: ping\ndata\n\n',
  ])('frame may be %j', (frame) => {
    const { sse } = resolveOptions({ frame }).formats;
    expect(decode(sse.beat('boundary', true) ?? new Uint8Array())).toBe(frame);
  });

  test('lateHeaders are read in any case', () => {
    const { lateHeaders } = resolveOptions({ lateHeaders: ['X-Request-Id', 'x-job'] });
    expect([...lateHeaders]).toEqual(['x-request-id', 'x-job']);
  });

  test('format may be a function, and what it gives can be checked', () => {
    const format = (): 'json' => 'json';
    expect(resolveOptions({ format }).format).toBe(format);
    expect(checkFormat('ndjson')).toBe('ndjson');
    expect(() => checkFormat('xml')).toThrow(HoldOpenError);
    expect(() => checkFormat(undefined)).toThrow(HoldOpenError);
  });

  test('format may be a format of the user, with a name that fits into the header', () => {
    const mine = {
      name: 'mine-1.0',
      contentType: 'text/mine',
      matches: () => true,
      createTracker: () => ({ push: () => undefined, place: () => 'boundary' as const }),
      beat: () => undefined,
    };
    expect(resolveOptions({ format: mine }).format).toBe(mine);
    for (const name of ['Mine', 'a b', 'a,b', '1a', '']) {
      expect(refusal({ format: { ...mine, name } }).message).toContain('HoldOpen header');
    }
  });
});

describe('options as a whole', () => {
  test.each([null, 'json', 8_000, true, [], () => undefined])(
    'are refused when they are %o',
    (given) => {
      const error = refusal(given);
      expect(error).toMatchObject({ code: 'HOLDOPEN_INVALID_OPTION', given });
      expect(error.message).toContain('{ intervalMs: 8000 }');
    },
  );

  test.each([
    ['interval', 'intervalMs'],
    ['intervalMS', 'intervalMs'],
    ['INTERVALMS', 'intervalMs'],
    ['firstBeat', 'firstBeatMs'],
    ['onbeat', 'onBeat'],
    ['maxSilence', 'maxSilenceMs'],
    ['lateErrors', 'lateError'],
    ['padding', 'pad'],
    ['formats', 'format'],
    ['onLate', 'onLateOutcome'],
  ])('with the unknown name %s are refused, and %s is suggested', (name, meant) => {
    const error = refusal({ [name]: 1 });
    expect(error).toMatchObject({ code: 'HOLDOPEN_UNKNOWN_OPTION', option: name, given: 1 });
    expect(error.message).toContain(`Did you mean ${meant}?`);
  });

  test('with an unknown name like no other are refused with the list of all', () => {
    const { message } = refusal({ heartbeat: 1 });
    expect(message).toContain('"heartbeat"');
    for (const name of ['intervalMs', 'frame', 'onLateOutcome']) expect(message).toContain(name);
  });

  test('may have the names that an adapter knows by itself', () => {
    const options = { headers: 1 } as HoldOpenOptions;
    expect(() => resolveOptions(options)).toThrow(/headers/);
    expect(() => resolveOptions(options, { alsoKnown: ['headers'] })).not.toThrow();
  });

  test('that contradict each other are refused with both values and the way out', () => {
    for (const options of [{ maxSilenceMs: 5_000 }, { firstBeatMs: 2_000, maxSilenceMs: 1_000 }]) {
      const error = refusal(options);
      expect(error).toMatchObject({
        code: 'HOLDOPEN_CONFLICTING_OPTIONS',
        option: 'maxSilenceMs',
        given: options.maxSilenceMs,
      });
      expect(error.message).toContain(String(options.maxSilenceMs));
      expect(error.message).toMatch(/Raise maxSilenceMs or lower firstBeatMs/);
    }
  });

  test('are not changed, and may be frozen', () => {
    const options = Object.freeze({ intervalMs: 1_000, lateHeaders: Object.freeze(['x-a']) });
    expect(resolveOptions(options).intervalMs).toBe(1_000);
  });
});

test.each([[new Map([['intervalMs', 5]])], [new Date()], [new Set()]])(
  '%o are no options',
  (given) => {
    expect(() => resolveOptions(given as object)).toThrow(/must be an object, such as/);
  },
);

test.each(['json', 'sse', 'ndjson', 'json-seq', 'auto'])(
  'a format of the user cannot be named %s',
  (name) => {
    const format = {
      name,
      contentType: 'a/b',
      matches: () => true,
      createTracker: () => ({ push() {}, place: () => 'boundary' as const }),
      beat: () => undefined,
    };
    expect(() => resolveOptions({ format })).toThrow(/a name of its own/);
    expect(() =>
      resolveOptions({ format: { ...format, name: 'mine', contentType: 'a/b\r\nx: y' } }),
    ).toThrow(/must be a media type/);
    expect(() => resolveOptions({ format: { ...format, name: 'mine' } })).not.toThrow();
  },
);
