import type { Figure, Plan } from './figure.js';
import { inFreshProcesses } from './loops.js';

/** The most that a chunk may take, in nanoseconds, by its kind. */
const TARGETS = {
  'bytes, 100 B events': 10,
  'bytes, 64 KB events': 10,
  'bytes, 100 B mid-event': 10,
  'strings, 100 B events': 20,
  'strings, 64 KB events': 20,
  'strings, 100 B mid-event': 20,
} as const;

/** What following a body costs: each chunk of an event stream, each byte of a JSON document. */
export async function tracking(plan: Plan): Promise<Figure[]> {
  const spread = await inFreshProcesses(plan, 'tracking');
  const chunks = Object.entries(TARGETS).map(([name, atMost]): Figure => {
    const own = spread(name);
    const empty = spread(`${name}, empty call`).mean;
    return {
      item: `SSE tail: ${name}`,
      value: own.mean,
      unit: 'ns',
      spread: own,
      target: { of: 'value', atMost },
      note: `of which an empty call is ${empty.toFixed(1)} ns, so ${(own.mean - empty).toFixed(1)} ns above it`,
    };
  });
  const documents = ['bytes', 'strings'].map((kind): Figure => {
    const ratio = spread(`JSON ${kind} to JSON.parse`);
    return {
      item: `JSON tracker: ${kind} in 16 KB chunks`,
      value: 1_000 / spread(`JSON ${kind}`).mean,
      unit: 'MB/s',
      ratio: ratio.mean,
      spread: ratio,
      note: 'ratio: time to that of JSON.parse on the whole text',
    };
  });
  return [...chunks, ...documents];
}
