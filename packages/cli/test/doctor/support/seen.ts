import { type Diagnosis, diagnose } from '../../../src/doctor/diagnosis.js';
import type { HeaderLine } from '../../../src/doctor/exchange/plan.js';
import type { Arrival, Body, Observation } from '../../../src/doctor/observation.js';

const BODY: Body = {
  format: 'json',
  state: 'whole',
  wireBytes: 0,
  bytes: 100,
  records: 0,
  lateHead: undefined,
  lateHeadMs: undefined,
  announcedMs: undefined,
  toldFailure: false,
  undecodable: undefined,
  opening: '',
  arrivals: [],
};

export interface Seen {
  readonly status?: number;
  readonly headers?: readonly HeaderLine[];
  readonly headMs?: number;
  readonly endMs?: number;
  readonly body?: Partial<Body>;
  readonly ending?: Observation['ending'];
}

/** Minutes of waiting, without waiting. */
export function seen({
  status = 200,
  headers = [],
  headMs = 8_000,
  endMs = headMs,
  ...more
}: Seen) {
  const line = { address: '203.0.113.7', dnsMs: 1, tcpMs: 1, tlsMs: 1, tlsVersion: 'TLSv1.3' };
  return {
    method: 'POST',
    url: 'https://api.example.com/reports',
    line: { ...line, untrusted: undefined },
    ending: more.ending ?? { how: 'clean' },
    endMs,
    stalledMs: 0,
    sentMs: 5,
    firstByteMs: headMs,
    opening: '',
    interim: [],
    interimCount: 0,
    head: { atMs: headMs, status, reason: '', httpVersion: '1.1', headers: [CHUNKED, ...headers] },
    body: { ...BODY, ...more.body },
    preflight: undefined,
  } satisfies Observation;
}

const CHUNKED: HeaderLine = ['Transfer-Encoding', 'chunked'];
export const GOOD: HeaderLine[] = [
  ['Content-Type', 'application/json'],
  ['Cache-Control', 'no-store, no-transform'],
];

/** An answer that is held, with beats at these times. */
export function held(intervalMs: number, beatsMs: readonly number[], more: Seen = {}): Diagnosis {
  const arrivals = beatsMs.map((atMs) => beat(atMs));
  const announcement: HeaderLine = ['HoldOpen', `interval=${intervalMs}, format=json`];
  const headers = [...GOOD, announcement, ...(more.headers ?? [])];
  const headMs = beatsMs[0] ?? intervalMs;
  const endMs = more.endMs ?? (beatsMs.at(-1) ?? headMs) + 10;
  return diagnose(seen({ headMs, ...more, endMs, headers, body: { arrivals, ...more.body } }));
}

export function beat(atMs: number, count = 1): Arrival {
  return { kind: 'beat', startMs: atMs, endMs: atMs, count, bytes: count, takesBeat: true };
}

/** Behind which no beat can follow. */
export function data(atMs: number, bytes = 10): Arrival {
  return { kind: 'data', startMs: atMs, endMs: atMs, count: 1, bytes, takesBeat: false };
}

export const every = (intervalMs: number, count: number): number[] =>
  Array.from({ length: count }, (_, at) => intervalMs * (at + 1));
