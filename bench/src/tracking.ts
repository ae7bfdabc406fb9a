import { type BoundaryTracker, type Chunk, resolveOptions } from '@holdopen/core';
import type { Figure, Plan } from './figure.js';
import { type Loop, timeLoops } from './tight-loop.js';

const KIB = 1_024;
/** Different chunks in turn, so that nothing is learnt by heart. A power of two. */
const DIFFERENT = 64;

/** What following a body costs: each chunk of an event stream, each byte of a JSON document. */
export function tracking({ quick }: Plan): Figure[] {
  const { sse, json } = resolveOptions({}, { encode: (text) => Buffer.from(text) }).formats;
  const times = quick ? 20_000 : 500_000;
  const kinds = [
    { name: 'bytes, 100 B events', chunks: bytes(events(100)), atMost: 10 },
    { name: 'bytes, 64 KB events', chunks: bytes(events(64 * KIB)), atMost: 10 },
    { name: 'bytes, 100 B mid-event', chunks: bytes(midEvent(100)), atMost: 10 },
    { name: 'strings, 100 B events', chunks: events(100), atMost: 20 },
    { name: 'strings, 64 KB events', chunks: events(64 * KIB), atMost: 20 },
    { name: 'strings, 100 B mid-event', chunks: midEvent(100), atMost: 20 },
  ];
  const loops = kinds.flatMap(({ name, chunks }) => [
    pushLoop(name, times, chunks, sse.createTracker()),
    pushLoop(`${name}, empty call`, times, chunks, new LengthOnly()),
  ]);
  const document = jsonDocument(quick ? 64 : 1_024);
  const documents = jsonLoops(document, () => json.createTracker());
  const timings = timeLoops(loops, quick ? 5 : 31);
  const jsonTimings = timeLoops(documents, quick ? 3 : 15);

  const figures: Figure[] = kinds.map(({ name, atMost }) => {
    const spread = timings.of(name);
    const empty = timings.of(`${name}, empty call`).median;
    return {
      item: `SSE tail: ${name}`,
      value: spread.median,
      unit: 'ns',
      spread,
      target: { of: 'value', atMost },
      note: `of which an empty call is ${empty.toFixed(1)} ns, so ${(spread.median - empty).toFixed(1)} ns above it`,
    };
  });
  const parse = jsonTimings.of('JSON.parse').median;
  for (const kind of ['bytes', 'strings']) {
    const ns = jsonTimings.of(kind).median;
    figures.push({
      item: `JSON tracker: ${kind} in 16 KB chunks`,
      value: (document.length / ns) * 1_000,
      unit: 'MB/s',
      ratio: ns / parse,
      note: 'ratio: time to that of JSON.parse on the whole text',
    });
  }
  return figures;
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
