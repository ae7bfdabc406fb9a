import { HoldOpenError } from './errors.js';
import type { BeatFormat } from './formats/format.js';
import { NEVER_LATE } from './held-head.js';
import type { LateErrorPolicy } from './late/outcome.js';
import {
  DEFAULT_FRAME,
  type FormatChoiceOption,
  type FormatName,
  type HoldOpenOptions,
  MAX_TIMER_MS,
  OPTION_NAMES,
  type Settings,
} from './options.js';

// One check for each kind of option. Each says what was wrong, what was given and what to do.

const FORMAT_NAMES: readonly FormatName[] = ['auto', 'json', 'sse', 'ndjson', 'json-seq'];

export function optionsObject(given: unknown): void {
  if (Object.prototype.toString.call(given) === '[object Object]') return;
  throw new HoldOpenError(
    'HOLDOPEN_INVALID_OPTION',
    `The options of holdOpen must be an object, such as { intervalMs: 8000 }, not ${show(given)}.`,
    { given },
  );
}

export function refuseUnknown(options: object, alsoKnown: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (OPTION_NAMES.has(name) || alsoKnown.includes(name)) continue;
    const near = nearestName(name, [...OPTION_NAMES, ...alsoKnown]);
    throw new HoldOpenError(
      'HOLDOPEN_UNKNOWN_OPTION',
      `holdOpen has no option ${JSON.stringify(name)}.${near === undefined ? ` It has: ${[...OPTION_NAMES, ...alsoKnown].join(', ')}.` : ` Did you mean ${near}?`}`,
      { option: name, given: Reflect.get(options, name) },
    );
  }
}

/** The one known name that is the same but for case, "Ms" or a few letters. */
function nearestName(name: string, known: readonly string[]): string | undefined {
  const plain = (text: string): string => text.toLowerCase().replace(/ms$/, '');
  return known.find((candidate) => {
    const a = plain(candidate);
    const b = plain(name);
    return a === b || (b.length >= 4 && (a.startsWith(b) || b.startsWith(a)));
  });
}

type TimeName = 'intervalMs' | 'firstBeatMs' | 'maxSilenceMs' | 'tcpKeepAliveMs';

export function timeOption(
  options: HoldOpenOptions<never>,
  name: TimeName,
  byDefault: number,
  least: number,
  mayBeOff: false,
): number;
export function timeOption(
  options: HoldOpenOptions<never>,
  name: TimeName,
  byDefault: number,
  least: number,
  mayBeOff: true,
): number | false;
export function timeOption(
  options: HoldOpenOptions<never>,
  name: TimeName,
  byDefault: number,
  least: number,
  mayBeOff: boolean,
): number | false {
  const given: unknown = options[name];
  if (given === undefined) return byDefault;
  if (given === false && mayBeOff) return false;
  if (typeof given === 'number' && given >= least && given <= MAX_TIMER_MS) return given;
  const off = mayBeOff ? ', or false to switch it off' : '';
  throw new HoldOpenError(
    'HOLDOPEN_INVALID_OPTION',
    `${name} must be a number of milliseconds from ${least} to ${MAX_TIMER_MS}${off}; it was ${show(given)}.${hint(given, least, byDefault)}`,
    { option: name, given },
  );
}

function hint(given: unknown, least: number, byDefault: number): string {
  const seconds = typeof given === 'number' ? given * 1_000 : Number.NaN;
  if (seconds > 0 && seconds >= least && seconds <= MAX_TIMER_MS && given !== seconds) {
    return ` If you meant seconds, write ${seconds}.`;
  }
  if (typeof given !== 'string') return '';
  const meant = Number(given);
  const fits = given.trim() !== '' && meant >= least && meant <= MAX_TIMER_MS;
  return ` Give a number, such as ${fits ? meant : byDefault}.`;
}

export function numberOption(
  options: HoldOpenOptions<never>,
  name: 'pad' | 'maxHolds',
  byDefault: number,
  least: number,
  most: number,
): number {
  const given: unknown = options[name];
  if (given === undefined) return byDefault;
  if (Number.isInteger(given) && (given as number) >= least && (given as number) <= most) {
    return given as number;
  }
  throw new HoldOpenError(
    'HOLDOPEN_INVALID_OPTION',
    `${name} must be a whole number from ${least} to ${most}; it was ${show(given)}.`,
    { option: name, given },
  );
}

export function formatOption<Request>(
  given: HoldOpenOptions<Request>['format'],
): Settings<Request>['format'] {
  if (given === undefined) return 'auto';
  if (typeof given === 'function') return given;
  return checkFormat(given);
}

/**
 * Checks a format, given as an option or by the user's function.
 * @throws HoldOpenError
 */
export function checkFormat(given: unknown): FormatChoiceOption {
  const named = FORMAT_NAMES.find((name) => name === given);
  if (named !== undefined) return named;
  if (isBeatFormat(given)) {
    const { name, contentType } = given;
    if (FORMAT_NAMES.some((taken) => taken === name)) {
      throw new HoldOpenError(
        'HOLDOPEN_INVALID_OPTION',
        `A format of your own cannot be named ${show(name)}, which is holdopen's. Give it a name of its own, such as 'my-${name}'.`,
        { option: 'format', given },
      );
    }
    // RFC 9110 section 8.3.1.
    if (!/^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+ *(;[ -~]*)?$/.test(contentType)) {
      throw new HoldOpenError(
        'HOLDOPEN_INVALID_OPTION',
        `The contentType of a format must be a media type, such as 'application/json'; it was ${show(contentType)}.`,
        { option: 'format', given },
      );
    }
    if (/^[a-z*][a-z0-9_\-.*]*$/.test(name)) return given;
    throw new HoldOpenError(
      'HOLDOPEN_INVALID_OPTION',
      `The name of a format stands in the HoldOpen header: lower-case letters, digits, "-", "_", "." and "*" only; it was ${show(given.name)}.`,
      { option: 'format', given },
    );
  }
  throw new HoldOpenError(
    'HOLDOPEN_INVALID_OPTION',
    `format must be one of ${FORMAT_NAMES.map((name) => `'${name}'`).join(', ')}, a BeatFormat (an object with name, contentType, matches, createTracker and beat) or a function of the request; it was ${show(given)}.`,
    { option: 'format', given },
  );
}

function isBeatFormat(given: unknown): given is BeatFormat {
  if (typeof given !== 'object' || given === null) return false;
  const text = ['name', 'contentType'].every((key) => typeof Reflect.get(given, key) === 'string');
  return (
    text &&
    ['matches', 'createTracker', 'beat'].every(
      (key) => typeof Reflect.get(given, key) === 'function',
    )
  );
}

export function frameOption(given: unknown): string {
  if (given === undefined) return DEFAULT_FRAME;
  const wrong = frameFault(given);
  if (typeof given === 'string' && wrong === undefined) return given;
  throw new HoldOpenError('HOLDOPEN_INVALID_OPTION', `${wrong} It was ${show(given)}.`, {
    option: 'frame',
    given,
  });
}

function frameFault(given: unknown): string | undefined {
  if (typeof given !== 'string') return "frame must be a string, such as ': keepalive\\n\\n'.";
  if (!given.endsWith('\n')) {
    return 'frame must end with a line feed, or the next line of the stream becomes part of it: add "\\n\\n".';
  }
  if (given.includes('\r')) return 'frame must use line feeds only, no carriage returns.';
  if (given.startsWith('\ufeff')) return 'frame must not begin with a byte order mark.';
  const lines = given.split('\n');
  if (lines.some((line) => /^id(:|$)/.test(line))) {
    return 'frame must not have an id: it would move the Last-Event-ID that clients resume from.';
  }
  const hasData = lines.some((line) => /^data(:|$)/.test(line));
  if (hasData && !lines.some((line) => /^event: ?[^ ]/.test(line))) {
    return "A frame with data must have an event name that clients do not listen to, or each beat is a message to all of them: 'event: ping\\ndata: \\n\\n', or a comment.";
  }
  const hasFields = lines.some((line) => line !== '' && !line.startsWith(':'));
  if (hasFields && !given.endsWith('\n\n')) {
    return 'A frame that is an event must end with a blank line, or the next event becomes part of it: end it with "\\n\\n".';
  }
  return undefined;
}

export function lateErrorOption<Request>(
  given: HoldOpenOptions<Request>['lateError'],
): LateErrorPolicy<Request> {
  if (given === undefined) return 'cut';
  if (given === 'cut' || given === 'body' || typeof given === 'function') return given;
  throw new HoldOpenError(
    'HOLDOPEN_INVALID_OPTION',
    `lateError must be 'cut', 'body' or a function of the outcome and the request; it was ${show(given)}.`,
    { option: 'lateError', given },
  );
}

export function lateHeadersOption(given: unknown): ReadonlySet<string> {
  if (given === undefined) return new Set();
  if (!Array.isArray(given) || given.some((name) => typeof name !== 'string')) {
    throw new HoldOpenError(
      'HOLDOPEN_INVALID_OPTION',
      `lateHeaders must be an array of header names, such as ['x-request-id']; it was ${show(given)}.`,
      { option: 'lateHeaders', given },
    );
  }
  const names = given.map((name: string) => name.toLowerCase());
  for (const name of names) {
    if (name === 'set-cookie') {
      throw new HoldOpenError(
        'HOLDOPEN_INVALID_OPTION',
        'lateHeaders cannot name set-cookie: no browser would store it from there. Set the cookie before the first beat.',
        { option: 'lateHeaders', given },
      );
    }
    if (NEVER_LATE.has(name)) {
      throw new HoldOpenError(
        'HOLDOPEN_INVALID_OPTION',
        `lateHeaders cannot name ${name}: it speaks of a head, a body or a connection that is not its own any more. Leave it out.`,
        { option: 'lateHeaders', given },
      );
    }
    // RFC 9651 section 3.1.2: narrower than the token of RFC 9110 section 5.1.
    if (!/^[a-z*][a-z0-9_\-.*]*$/.test(name)) {
      throw new HoldOpenError(
        'HOLDOPEN_INVALID_OPTION',
        `lateHeaders has ${show(name)}, which cannot travel in a late head: names begin with a letter there and have letters, digits, "-", "_", "." and "*".`,
        { option: 'lateHeaders', given },
      );
    }
  }
  return new Set(names);
}

export function onDisconnectOption(given: unknown): 'abort' | 'continue' {
  if (given === undefined) return 'abort';
  if (given === 'abort' || given === 'continue') return given;
  throw new HoldOpenError(
    'HOLDOPEN_INVALID_OPTION',
    `onDisconnect must be 'abort' or 'continue'; it was ${show(given)}.`,
    { option: 'onDisconnect', given },
  );
}

export function hookOption<Request, Name extends 'onBeat' | 'onLateOutcome'>(
  options: HoldOpenOptions<Request>,
  name: Name,
): HoldOpenOptions<Request>[Name] {
  const given = options[name];
  if (given === undefined || typeof given === 'function') return given;
  throw new HoldOpenError(
    'HOLDOPEN_INVALID_OPTION',
    `${name} must be a function; it was ${show(given)}.`,
    { option: name, given },
  );
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}
