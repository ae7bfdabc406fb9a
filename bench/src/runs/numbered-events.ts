/** Where a stream waits until it is told to go on. */
export interface Pause {
  readonly before: number;
  readonly over: Promise<void>;
}

/** As fast as it is read. Each event has its number, so that a reader can see whether one is missing. */
export function numberedEvents<Chunk>(
  count: number,
  as: (text: string) => Chunk,
  pause?: Pause,
): ReadableStream<Chunk> {
  let next = 0;
  const give = (controller: ReadableStreamDefaultController<Chunk>): void => {
    controller.enqueue(as(eventText(next)));
    next += 1;
    if (next === count) controller.close();
  };
  return new ReadableStream<Chunk>({
    pull(controller) {
      if (next !== pause?.before) return give(controller);
      return pause.over.then(() => give(controller));
    },
  });
}

function eventText(n: number): string {
  return `data: ${startOfEvent(n)}"text":"some words"}\n\n`;
}

/** Found in no other event. */
export function startOfEvent(n: number): string {
  return `{"n":${n},`;
}

/** Throws unless these are the events from one number up to another, each once and in order. */
export function checkEvents(text: string, from: number, to: number): void {
  let expected = from;
  for (const [, digits] of text.matchAll(/^data: \{"n":(\d+),/gm)) {
    if (Number(digits) !== expected) throw new Error(`${digits} came in the place of ${expected}`);
    expected += 1;
  }
  if (expected !== to) throw new Error(`the events end before ${expected}, not before ${to}`);
}

/** Throws unless each event of a run carries its own offset. */
export function checkOffsets(text: string, from: number): void {
  let expected = from;
  for (const [, offset, n] of text.matchAll(/^id: ho1\.[\w.-]+\.(\d+)\ndata: \{"n":(\d+),/gm)) {
    if (Number(n) !== expected || Number(offset) !== expected + 1) {
      throw new Error(`event ${n} has the offset ${offset}`);
    }
    expected += 1;
  }
  if (expected === from) throw new Error('no event has an offset');
}
