import { type BoundaryTracker, type Chunk, resolveOptions } from '@holdopen/core';
import type { RunResult } from './repeated.js';
import { type Loop, timeLoops } from './tight-loop.js';

const KIB = 1_024;
/** Different chunks in turn, so that nothing is learnt by heart. A power of two. */
const DIFFERENT = 64;

/**
 * Nanoseconds for a chunk of each kind of event stream, for an empty call with the same, and for a byte of a JSON
 * document.
 */
export function trackingRun(quick: boolean): RunResult {
  const { sse, json } = resolveOptions({}, { encode: (text) => Buffer.from(text) }).formats;
  const times = quick ? 20_000 : 500_000;
  const kinds: Readonly<Record<string, readonly Chunk[]>> = {
    'bytes, 100 B events': bytes(events(100)),
    'bytes, 64 KB events': bytes(events(64 * KIB)),
    'bytes, 100 B mid-event': bytes(midEvent(100)),
    'strings, 100 B events': events(100),
    'strings, 64 KB events': events(64 * KIB),
    'strings, 100 B mid-event': midEvent(100),
  };
  const loops = Object.entries(kinds).flatMap(([name, chunks]) => [
    pushLoop(name, times, chunks, sse.createTracker()),
    pushLoop(`${name}, empty call`, times, chunks, new LengthOnly()),
  ]);
  const document = jsonDocument(quick ? 64 : KIB);
  const documents = jsonLoops(document, () => json.createTracker());
  const timings = timeLoops(loops, quick ? 5 : 11);
  const jsonTimings = timeLoops(documents, quick ? 3 : 7);
  const result: Record<string, number> = {};
  for (const { name } of loops) result[name] = timings.of(name);
  const parse = jsonTimings.of('JSON.parse');
  for (const kind of ['bytes', 'strings']) {
    result[`JSON ${kind}`] = jsonTimings.of(kind) / document.length;
    result[`JSON ${kind} to JSON.parse`] = jsonTimings.of(kind) / parse;
  }
  return result;
}

/** What every tracker must at least do, so that the call is not optimised away. */
class LengthOnly implements BoundaryTracker {
  last = 0;

  push(chunk: Chunk): void {
    this.last = chunk.length;
  }

  place(): 'boundary' | 'closed' {
    return this.last === 0 ? 'boundary' : 'closed';
  }
}

function pushLoop(
  name: string,
  times: number,
  chunks: readonly Chunk[],
  tracker: BoundaryTracker,
): Loop {
  return {
    name,
    times,
    run(turns) {
      for (let i = 0; i < turns; i++) tracker.push(chunks[i & (DIFFERENT - 1)] as Chunk);
      return tracker.place();
    },
  };
}

function events(length: number): string[] {
  return several((i) => `data: ${'x'.repeat(length - 10)}${i}\n\n`);
}

function midEvent(length: number): string[] {
  return several((i) => `data: ${'x'.repeat(length - 8)}${i}`);
}

/** Flat strings, as they come out of a template that was written once. */
function several(make: (i: number) => string): string[] {
  return Array.from({ length: DIFFERENT }, (_, i) => Buffer.from(make(i + 10)).toString('latin1'));
}

function bytes(texts: readonly string[]): Buffer[] {
  return texts.map((text) => Buffer.from(text));
}

/** Records with text, numbers, escapes and nesting. */
function jsonDocument(kib: number): string {
  const records: unknown[] = [];
  let length = 0;
  for (let i = 0; length < kib * KIB; i++) {
    const record = {
      id: i,
      path: `packages/core/src/file-${i}.ts`,
      bytes: i * 37,
      ratio: i / 7,
      tags: ['a', 'b', i % 3 === 0 ? null : true],
      text: `He said "${i}", then left.\nAnd came back.`,
    };
    length += JSON.stringify(record).length + 1;
    records.push(record);
  }
  return JSON.stringify(records);
}

function jsonLoops(document: string, createTracker: () => BoundaryTracker): Loop[] {
  const strings: string[] = [];
  for (let at = 0; at < document.length; at += 16 * KIB) {
    strings.push(Buffer.from(document.slice(at, at + 16 * KIB)).toString('latin1'));
  }
  const follow = (chunks: readonly Chunk[]): Loop['run'] => {
    return (turns) => {
      let last: unknown;
      for (let i = 0; i < turns; i++) {
        const tracker = createTracker();
        for (const chunk of chunks) tracker.push(chunk);
        last = tracker.place();
      }
      return last;
    };
  };
  return [
    { name: 'bytes', times: 4, run: follow(bytes(strings)) },
    { name: 'strings', times: 4, run: follow(strings) },
    {
      name: 'JSON.parse',
      times: 4,
      run(turns) {
        let last: unknown;
        for (let i = 0; i < turns; i++) last = JSON.parse(document);
        return last;
      },
    },
  ];
}
