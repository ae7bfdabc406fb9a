// Plays a row's script to a framework.
import type { HoldHandle } from '@holdopen/core';
import { beatsOf, context, isOpen, type Key, note } from './observed.js';
import type { Piece, Script, Step } from './steps.js';

/** A framework's own way to say each thing. What an answer gives back is what the handler returns. */
export interface Voice {
  readonly key: Key;
  readonly hold: HoldHandle | undefined;
  readonly method: string;
  readonly path: string;
  requestHeader(name: string): string | undefined;
  readBody(): Promise<string>;
  status(code: number): void;
  header(name: string, value: string): void;
  cookie(name: string, value: string): void;
  session?(visits: number): void;
  json(value: unknown): unknown;
  send(type: string, body: string | Uint8Array): unknown;
  empty(): unknown;
  redirect(code: number, to: string): unknown;
  stream(type: string, body: AsyncIterable<Uint8Array>): unknown;
  events?(data: readonly string[], pause: () => Promise<void>): unknown;
  /** Where the framework itself answers conditional requests. */
  etagged?(value: unknown, etag: string | undefined): unknown;
  /** The error with which the framework wants a status to be thrown. */
  failure?(status: number, message: string): Error;
  /** Where the framework itself serves files. */
  file?(): unknown;
}

const PATIENCE_MS = 8_000;
/** As it stands in files/. */
export const DOCUMENT = '{ "document": "a file of some bytes" }\n';

export async function play(script: Script, voice: Voice): Promise<unknown> {
  try {
    return await act(script, voice);
  } catch (error) {
    note(voice.key, 'threw', { message: String(error) });
    throw error;
  }
}

async function act(script: Script, voice: Voice): Promise<unknown> {
  let body: string | undefined;
  for (const step of script) {
    switch (step.do) {
      case 'status':
        voice.status(step.status);
        break;
      case 'header':
        voice.header(step.name, step.value);
        break;
      case 'cookie':
        voice.cookie(step.name, step.value);
        break;
      case 'session':
        voice.session?.(step.visits);
        break;
      case 'read':
        body = await voice.readBody();
        break;
      case 'touch':
        for (let i = 0; i < step.times; i++) {
          await sleep(step.everyMs);
          voice.hold?.touch();
        }
        break;
      case 'watch':
        watchSignal(voice);
        break;
      case 'aborted':
        await until('the signal fires', () => voice.hold?.signal.aborted === true);
        break;
      case 'note':
        note(voice.key, 'hold', { id: voice.hold?.id, state: voice.hold?.state });
        break;
      case 'fail':
        throw failure(voice, step.status);
      case 'wait':
      case 'beats':
      case 'gate':
      case 'state':
        await pause(step, voice);
        break;
      default:
        return answer(step, voice, body);
    }
  }
  throw new Error('the script has no end');
}

function answer(
  step: Exclude<Step, Pause | { do: 'fail' }>,
  voice: Voice,
  body: string | undefined,
): unknown {
  switch (step.do) {
    case 'json':
      return voice.json(step.value);
    case 'echo':
      return voice.json({ method: voice.method, path: voice.path, body });
    case 'send':
      return voice.send(step.type, step.body);
    case 'empty':
      return voice.empty();
    case 'redirect':
      return voice.redirect(step.status, step.to);
    case 'stream':
      return voice.stream(step.type, bytesOf(step.pieces, voice));
    case 'events': {
      const { data, everyMs } = step;
      if (voice.events !== undefined) return voice.events(data, () => sleep(everyMs));
      const pieces = data.flatMap((one): Piece[] => [
        `data: ${one}\n\n`,
        { do: 'wait', ms: everyMs },
      ]);
      return voice.stream('text/event-stream', bytesOf(pieces, voice));
    }
    case 'etagged':
      return voice.etagged === undefined
        ? etaggedByHand(voice, step.value, step.etag ?? '"same"')
        : voice.etagged(step.value, step.etag);
    case 'file':
      return voice.file === undefined ? fileByHand(voice) : voice.file();
    case 'never':
      return new Promise(() => {});
    default:
      throw new Error(`no ending: ${step.do}`);
  }
}

function etaggedByHand(voice: Voice, value: unknown, etag: string): unknown {
  voice.header('ETag', etag);
  if (voice.requestHeader('if-none-match') !== etag) return voice.json(value);
  voice.status(304);
  return voice.empty();
}

/** A part of the document if the request still asks for one. */
function fileByHand(voice: Voice): unknown {
  const range = /^bytes=(\d+)-(\d+)$/.exec(voice.requestHeader('range') ?? '');
  voice.header('Accept-Ranges', 'bytes');
  if (range === null) return voice.send('application/json', DOCUMENT);
  const [from, to] = [Number(range[1]), Number(range[2])];
  voice.status(206);
  voice.header('Content-Range', `bytes ${from}-${to}/${DOCUMENT.length}`);
  return voice.send('application/json', DOCUMENT.slice(from, to + 1));
}

function isMounted({ hold }: Voice): boolean {
  return hold !== undefined && hold.state !== 'off';
}

function watchSignal(voice: Voice): void {
  const { hold } = voice;
  hold?.signal.addEventListener('abort', () => {
    const reason = hold.signal.reason as { code?: unknown } | undefined;
    note(voice.key, 'aborted', {
      code: reason?.code,
      state: hold.state,
      context: context.getStore(),
    });
  });
}

/** The pieces of a body, each when its turn comes. */
async function* bytesOf(pieces: readonly Piece[], voice: Voice): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  for (const piece of pieces) {
    if (typeof piece === 'string') yield encoder.encode(piece);
    else if (piece instanceof Uint8Array) yield piece;
    else if (piece.do === 'bulk') yield new Uint8Array(piece.bytes).fill(0x78);
    else if (piece.do === 'fail') throw failure(voice, piece.status);
    else await pause(piece, voice);
  }
}

type Pause = Exclude<Piece, string | Uint8Array | { do: 'fail' | 'bulk' }>;

async function pause(step: Pause, voice: Voice): Promise<void> {
  if (step.do === 'wait') return sleep(step.ms);
  if (step.do === 'gate') return until('the gate opens', () => isOpen(voice.key));
  // Without holdOpen there is nothing to wait for.
  if (!isMounted(voice)) return;
  if (step.do === 'state') {
    return until(
      () => `the hold is ${step.state}, not ${voice.hold?.state}`,
      () => voice.hold?.state === step.state,
    );
  }
  const id = voice.hold?.id ?? '';
  const before = beatsOf(id);
  await until(
    () => `${step.count} beats have left behind ${before} of ${voice.hold?.state}`,
    () => beatsOf(id) >= before + step.count,
  );
}

const MESSAGE = 'secret of the handler';

function failure(voice: Voice, status: number | undefined): Error {
  if (status === undefined) return new Error(MESSAGE);
  return (
    voice.failure?.(status, MESSAGE) ??
    Object.assign(new Error(MESSAGE), { status, statusCode: status })
  );
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function until(what: string | (() => string), condition: () => boolean): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  while (!condition()) {
    if (Date.now() > end) {
      throw new Error(`waited in vain until ${typeof what === 'string' ? what : what()}`);
    }
    await sleep(4);
  }
}
