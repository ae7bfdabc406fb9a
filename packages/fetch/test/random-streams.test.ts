// Whatever a handler streams, split anywhere and with gaps anywhere: without its beats the body is the
// payload, and a failure never looks like a success.
import { createParser } from 'eventsource-parser';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { jsonTexts, parses, split, splittings } from '../../core/test/support.js';
import { readHeldJson } from '../../node/test/held/support/payload.js';
import { holdOpen } from '../src/index.js';
import { ask, held, quiet, receive } from './support/call.js';

const AT_ONCE = 40;
const ROUNDS = 6;
const OPTIONS = { intervalMs: 50, firstBeatMs: 10, onLateOutcome() {} } as const;

/** Before each piece, in milliseconds: most come at once, some after a beat or two. */
const gaps = fc.array(fc.constantFrom(0, 0, 0, 1, 30, 70, 130), { minLength: 1, maxLength: 8 });

function streamed(text: string, splitting: Splitting, waits: readonly number[], error?: Error) {
  const pieces = split(new TextEncoder().encode(text), { ...splitting, strings: [false] });
  let next = 0;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const wait = waits[next % waits.length] ?? 0;
      if (wait > 0) await quiet(wait);
      const piece = pieces[next++];
      if (piece !== undefined) controller.enqueue(piece as Uint8Array);
      else if (error === undefined) controller.close();
      else controller.error(error);
    },
  });
}
type Splitting = Parameters<typeof split>[1];

/** Many bodies at once, since each takes its time. */
async function all<Case>(cases: fc.Arbitrary<Case>, check: (one: Case) => Promise<void>) {
  vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const batches = fc.array(cases, { minLength: AT_ONCE, maxLength: AT_ONCE });
  await fc.assert(
    fc.asyncProperty(batches, async (batch) => {
      await Promise.all(batch.map(check));
    }),
    { numRuns: ROUNDS, endOnFailure: true },
  );
  vi.restoreAllMocks();
}

/** As a client reads them: a mark at the very start is no part of the text. */
function parseEvents(text: string): unknown[] {
  const parsed: unknown[] = [];
  createParser({ onEvent: (event) => parsed.push(event) }).feed(text.replace(/^\ufeff/, ''));
  return parsed;
}

const lineEnds = fc.constantFrom('\n', '\r', '\r\n');
const lines = fc.constantFrom(
  'data: a',
  'data',
  'data:ü',
  'event: x',
  ': comment',
  'id: 7',
  '',
  '',
);
const eventStreams = fc
  .tuple(
    fc.constantFrom('', '\ufeff'),
    fc.array(fc.tuple(lines, lineEnds), { maxLength: 30 }),
    fc.constantFrom('', 'data: cut off'),
  )
  .map(([mark, parts, rest]) => mark + parts.flat().join('') + rest);

/** A beat in its own place, as any client skips it. */
const BEATS = /: keepalive\n\n|: holdopen interval=50\n\n/g;

test('event streams that are ready keep their events', async () => {
  await all(fc.tuple(eventStreams, splittings, gaps), async ([text, splitting, waits]) => {
    const body = streamed(text, splitting, waits);
    const response = new Response(body, { headers: { 'Content-Type': 'text/event-stream' } });
    const received = await receive(holdOpen(() => response, OPTIONS)(ask()));
    expect(received.error).toBeUndefined();
    expect(parseEvents(received.text), JSON.stringify(received.text)).toEqual(parseEvents(text));
    // Byte for byte, but for the comments that stand within an event and a mark behind a beat.
    const meant = text.replaceAll('\ufeff', '').replace(/(?<=^|[\r\n]):\n/g, '');
    const got = received.text.replace(BEATS, '').replaceAll('\ufeff', '');
    expect(got.replace(/(?<=^|[\r\n]):\n/g, '')).toBe(meant);
  });
});

test('event streams that come late keep them, too', async () => {
  await all(fc.tuple(eventStreams, splittings, gaps), async ([text, splitting, waits]) => {
    const handler = holdOpen(async (request) => {
      await held(request);
      const body = streamed(text, splitting, waits);
      return new Response(body, { headers: { 'Content-Type': 'text/event-stream' } });
    }, OPTIONS);
    const request = ask('/', { headers: { Accept: 'text/event-stream' } });
    const received = await receive(await handler(request));
    expect(received.error).toBeUndefined();
    expect(parseEvents(received.text), JSON.stringify(received.text)).toEqual(parseEvents(text));
  });
});

test('JSON keeps its value, whatever the gaps', async () => {
  await all(fc.tuple(jsonTexts, splittings, gaps), async ([text, splitting, waits]) => {
    const handler = holdOpen(async (request) => {
      await held(request);
      const body = streamed(text, splitting, waits);
      return new Response(body, { status: 201, headers: { 'Content-Type': 'application/json' } });
    }, OPTIONS);
    const { text: got, error } = await receive(await handler(ask()));
    expect(error).toBeUndefined();
    expect(readHeldJson(got).lateHead?.status).toBe(201);
    expect(JSON.parse(got)).toEqual(JSON.parse(text));
  });
});

test('JSON that fails on its way never parses, and is seen to be cut', async () => {
  await all(fc.tuple(jsonTexts, splittings, gaps), async ([text, splitting, waits]) => {
    const handler = holdOpen(async (request) => {
      await held(request);
      const body = streamed(text, splitting, waits, new Error('midway'));
      return new Response(body, { headers: { 'Content-Type': 'application/json' } });
    }, OPTIONS);
    const { text: got, error } = await receive(await handler(ask()));
    expect(error).toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
    expect(parses(got), got).toBe(false);
  });
});
