import { readFileSync } from 'node:fs';
import type { HeaderPair } from '../../src/wire/late-head.js';

interface Vectors {
  lateHeads: { about: string; status: number; headers: HeaderPair[]; wire: string }[];
  noLateHeads: { about: string; whitespace: string }[];
  sseComments: { about: string; status: number; members: HeaderPair[]; wire: string }[];
  sseIntervals: { intervalMs: number; wire: string }[];
  cutBodies: {
    about: string;
    outcome: { status: number };
    wire: string;
    completed: unknown;
  }[];
  endings: {
    about: string;
    format: 'json' | 'sse' | 'ndjson' | 'json-seq';
    place: 'boundary' | 'inside' | 'closed';
    failure: { status: number; json: string; kind: 'cut' | 'body' | 'value'; begun: boolean };
    text: string;
    cut: boolean;
  }[];
  switchedBodies: { about: string; body: string; isEventStream: boolean }[];
}

const file = new URL('../../../../docs/wire-vectors.json', import.meta.url);

/** The wire contract as data. */
export const vectors = JSON.parse(readFileSync(file, 'utf8')) as Vectors;
