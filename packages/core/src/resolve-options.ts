import { HoldOpenError } from './errors.js';
import { createJsonFormat } from './formats/json.js';
import { createJsonSeqFormat } from './formats/json-seq.js';
import { createNdjsonFormat } from './formats/ndjson.js';
import { createSseFormat } from './formats/sse.js';
import {
  DEFAULT_INTERVAL_MS,
  DEFAULT_MAX_HOLDS,
  DEFAULT_MAX_SILENCE_MS,
  DEFAULT_TCP_KEEP_ALIVE_MS,
  type Formats,
  type HoldOpenOptions,
  MAX_PAD,
  MIN_INTERVAL_MS,
  type Settings,
} from './options.js';
import {
  formatOption,
  frameOption,
  hookOption,
  lateErrorOption,
  lateHeadersOption,
  numberOption,
  onDisconnectOption,
  optionsObject,
  refuseUnknown,
  timeOption,
} from './options-check.js';

export interface ResolveContext {
  /** Turns text into bytes; `Buffer.from` on Node, so that a write needs no conversion. */
  readonly encode?: ((text: string) => Uint8Array) | undefined;
  /** The value of the environment variable `HOLDOPEN`. */
  readonly environment?: string | undefined;
  /** Options that only this adapter knows; it checks their values itself. */
  readonly alsoKnown?: readonly string[] | undefined;
}

/**
 * Checks options and fills in the defaults.
 * @throws HoldOpenError with what was wrong, what was given and what to do.
 */
export function resolveOptions<Request>(
  options: HoldOpenOptions<Request> = {},
  context: ResolveContext = {},
): Settings<Request> {
  optionsObject(options);
  refuseUnknown(options, context.alsoKnown ?? []);

  const intervalMs = timeOption(options, 'intervalMs', DEFAULT_INTERVAL_MS, MIN_INTERVAL_MS, true);
  const firstBeatMs = timeOption(
    options,
    'firstBeatMs',
    intervalMs === false ? DEFAULT_INTERVAL_MS : intervalMs,
    0,
    false,
  );
  const maxSilenceMs = timeOption(
    options,
    'maxSilenceMs',
    Math.max(DEFAULT_MAX_SILENCE_MS, firstBeatMs),
    MIN_INTERVAL_MS,
    true,
  );
  const tcpKeepAliveMs = timeOption(
    options,
    'tcpKeepAliveMs',
    DEFAULT_TCP_KEEP_ALIVE_MS,
    1_000,
    true,
  );
  if (maxSilenceMs !== false && maxSilenceMs < firstBeatMs) {
    throw new HoldOpenError(
      'HOLDOPEN_CONFLICTING_OPTIONS',
      `maxSilenceMs (${maxSilenceMs}) is shorter than firstBeatMs (${firstBeatMs}), so that no answer could ever be held. Raise maxSilenceMs or lower firstBeatMs.`,
      { option: 'maxSilenceMs', given: maxSilenceMs },
    );
  }

  const encode = context.encode ?? ((text: string) => new TextEncoder().encode(text));
  const pad = numberOption(options, 'pad', 0, 0, MAX_PAD);
  return {
    enabled: intervalMs !== false && context.environment?.trim().toLowerCase() !== 'off',
    intervalMs: intervalMs === false ? DEFAULT_INTERVAL_MS : intervalMs,
    firstBeatMs,
    format: formatOption(options.format),
    formats: createFormats(frameOption(options.frame), pad, encode),
    lateError: lateErrorOption(options.lateError),
    lateHeaders: lateHeadersOption(options.lateHeaders),
    maxSilenceMs,
    maxSilenceGiven: options.maxSilenceMs !== undefined,
    onDisconnect: onDisconnectOption(options.onDisconnect),
    maxHolds: numberOption(options, 'maxHolds', DEFAULT_MAX_HOLDS, 0, Number.MAX_SAFE_INTEGER),
    tcpKeepAliveMs,
    onBeat: hookOption(options, 'onBeat'),
    onLateOutcome: hookOption(options, 'onLateOutcome'),
  };
}

function createFormats(frame: string, pad: number, encode: (text: string) => Uint8Array): Formats {
  const json = createJsonFormat(pad, encode);
  const sse = createSseFormat(frame, pad, encode);
  const ndjson = createNdjsonFormat(pad, encode);
  const jsonSeq = createJsonSeqFormat(pad, encode);
  return { json, sse, ndjson, 'json-seq': jsonSeq, all: [json, sse, ndjson, jsonSeq] };
}
