import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isOpaque } from './exchange/body.js';
import type { LineFacts } from './exchange/dial.js';
import type { Ending } from './exchange/ending.js';
import { codingOf, type HeaderLine, headerOf } from './exchange/plan.js';
import type { Arrival, Head, Observation, Preflight } from './observation.js';
import { parseMembers } from './reading/members.js';
import { OpaqueReader } from './reading/opaque.js';
import { type BodyReader, readerFor } from './reading/reader.js';

/** Days of beats. What comes after that is not judged: memory must not grow with what a server sends. */
const MAX_ARRIVALS = 50_000;
const MAX_OPENING_BYTES = 2_048;
const MAX_INTERIM = 100;
/** Closer than that beats have come together, and data is one piece. */
const SAME_BEAT_MS = 5;
const SAME_DATA_MS = 250;

/** What is told while it waits. */
export interface Progress {
  readonly beats: number;
  readonly bytes: number;
  readonly hasHead: boolean;
}

/** Writes down what comes and when. */
export class Recorder {
  beats = 0;
  readonly #start = performance.now();
  readonly #stalls = monitorEventLoopDelay();
  readonly #onBeat: (beats: number) => void;
  readonly #arrivals: Arrival[] = [];
  readonly #interim: { status: number; atMs: number }[] = [];
  #interimCount = 0;
  #reader: BodyReader = new OpaqueReader();
  #isHeld = false;
  #head: Head | undefined;
  #sentMs: number | undefined;
  #firstByteMs: number | undefined;
  #lateHeadMs: number | undefined;
  #opening: Buffer = Buffer.alloc(0);
  #bodyOpening: Buffer = Buffer.alloc(0);
  #wireBytes = 0;
  #bytes = 0;
  #undecodable: string | undefined;

  /** `onBeat` is told how many there were. */
  constructor(onBeat: (beats: number) => void) {
    this.#onBeat = onBeat;
    this.#stalls.enable();
  }

  get progress(): Progress {
    return { beats: this.beats, bytes: this.#wireBytes, hasHead: this.#head !== undefined };
  }

  sent(): void {
    this.#sentMs ??= this.#now();
  }

  /** Bytes as they came from the connection. */
  raw(bytes: Buffer): void {
    this.#firstByteMs ??= this.#now();
    this.#opening = opening(this.#opening, bytes);
  }

  interim(status: number): void {
    this.#interimCount += 1;
    if (this.#interim.length < MAX_INTERIM) this.#interim.push({ status, atMs: this.#now() });
  }

  head(head: Omit<Head, 'atMs'>): void {
    this.#head = { ...head, atMs: this.#now() };
    const coding = codingOf(head.headers);
    const held = heldBy(head.headers);
    this.#isHeld = held !== undefined;
    const type = headerOf(head.headers, 'content-type');
    this.#reader = readerFor(type, held, isOpaque(coding));
  }

  /** Bytes of the body under its content coding. */
  received(bytes: number): void {
    this.#wireBytes += bytes;
  }

  undecodable(message: string): void {
    this.#undecodable ??= message;
  }

  /** Bytes of the body. */
  body(bytes: Buffer): void {
    const atMs = this.#now();
    this.#bytes += bytes.length;
    this.#bodyOpening = opening(this.#bodyOpening, bytes);
    for (const piece of this.#reader.read(bytes)) {
      const { count, bytes: size } = piece;
      const kind = this.#isIndentation(atMs) ? 'data' : piece.kind;
      this.#arrive({ kind, count, bytes: size, startMs: atMs, endMs: atMs, takesBeat: false });
      if (kind === 'beat') this.beats += count;
    }
    const last = this.#arrivals.at(-1);
    if (last !== undefined) {
      this.#arrivals[this.#arrivals.length - 1] = { ...last, takesBeat: this.#reader.takesBeat };
    }
    if (this.#reader.lateHead !== undefined) this.#lateHeadMs ??= atMs;
    this.#onBeat(this.beats);
  }

  observation(
    about: { method: string; url: string; line: LineFacts | undefined },
    ending: Ending,
    preflight: Preflight | undefined,
  ): Observation {
    this.#stalls.disable();
    const { format, state, records, lateHead, announcedMs, toldFailure } = this.#reader;
    return {
      ...about,
      ending,
      endMs: this.#now(),
      stalledMs: this.#stalls.max / 1e6,
      sentMs: this.#sentMs,
      firstByteMs: this.#firstByteMs,
      opening: this.#opening.toString('latin1'),
      interim: this.#interim,
      interimCount: this.#interimCount,
      head: this.#head,
      body: {
        ...{ format, state, records, lateHead, announcedMs, toldFailure },
        lateHeadMs: this.#lateHeadMs,
        wireBytes: this.#wireBytes,
        bytes: this.#bytes,
        undecodable: this.#undecodable,
        opening: this.#bodyOpening.toString('utf8'),
        arrivals: this.#arrivals,
      },
      preflight,
    };
  }

  /** White space of a document that others write token by token: no beat comes so soon behind data. */
  #isIndentation(atMs: number): boolean {
    const last = this.#arrivals.at(-1);
    const isSoon = last?.kind === 'data' && atMs - last.endMs < SAME_DATA_MS;
    return isSoon && !this.#isHeld && this.#reader.format === 'json';
  }

  #arrive(next: Arrival): void {
    const last = this.#arrivals.at(-1);
    const limitMs = next.kind === 'beat' ? SAME_BEAT_MS : SAME_DATA_MS;
    const isSame = last?.kind === next.kind && next.startMs - last.endMs <= limitMs;
    const isFull = this.#arrivals.length >= MAX_ARRIVALS;
    if (last === undefined || !(isSame || isFull)) {
      this.#arrivals.push(next);
      return;
    }
    this.#arrivals[this.#arrivals.length - 1] = {
      ...last,
      endMs: next.endMs,
      count: last.count + (isSame ? next.count : 0),
      bytes: last.bytes + (isSame ? next.bytes : 0),
    };
  }

  #now(): number {
    return performance.now() - this.#start;
  }
}

/** What the header `HoldOpen` says. */
export function heldBy(
  headers: readonly HeaderLine[],
): { intervalMs: number | undefined; format: string | undefined } | undefined {
  const text = headerOf(headers, 'holdopen');
  if (text === undefined) return undefined;
  const members = parseMembers(text);
  const interval = members.get('interval');
  return {
    intervalMs: typeof interval === 'number' && interval > 0 ? interval : undefined,
    format: members.get('format')?.toString(),
  };
}

function opening(kept: Buffer, more: Buffer): Buffer {
  const room = MAX_OPENING_BYTES - kept.length;
  return room > 0 && more.length > 0 ? Buffer.concat([kept, more.subarray(0, room)]) : kept;
}
