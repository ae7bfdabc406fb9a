import { headerOf } from '../exchange/plan.js';
import type { Facts } from '../facts.js';
import { type Finding, note, problem, warning } from './finding.js';

/** What is wrong with the head of an answer that is held, or could be. */
export function headerFindings(facts: Facts): Finding[] {
  const { observation, kind, isHeld } = facts;
  const { head } = observation;
  if (head === undefined || !(isHeld || kind.name === 'stream')) return [];
  return [
    ...framing(facts),
    ...coding(facts),
    ...cacheControl(facts),
    ...accelBuffering(facts),
    ...stored(facts),
    ...oldVersion(facts),
  ];
}

function header({ observation }: Facts, name: string): string | undefined {
  return headerOf(observation.head?.headers ?? [], name);
}

function framing(facts: Facts): Finding[] {
  const length = header(facts, 'content-length');
  if (length === undefined) return [];
  return [
    warning(
      'content-length',
      `It has a Content-Length (${length}): whoever wrote it had the whole body before the first byte.`,
      'A hop gathers the body, or a cache gave it.',
    ),
  ];
}

function coding({ coding: name, isHeld, rhythm, hops }: Facts): Finding[] {
  // Where beats are gathered that is said there.
  if (name === undefined || rhythm.arrival === 'bursts') return [];
  const who = hops.map((hop) => hop.name).join(', ');
  return [
    warning(
      'compressed',
      `It comes compressed (${name})${isHeld ? ', though holdopen forbids it (no-transform)' : ''}${who === '' ? '' : `: look at ${who}`}. Beats get through only while whoever does it flushes each.`,
      'Have nobody compress this type on the way.',
    ),
  ];
}

function cacheControl(facts: Facts): Finding[] {
  const value = header(facts, 'cache-control');
  if (/\bno-transform\b/i.test(value ?? '')) return [];
  const what = value === undefined ? 'There is no Cache-Control' : `Cache-Control is "${value}"`;
  return [
    (facts.isHeld && facts.kind.name === 'held' ? warning : note)(
      'transform-allowed',
      `${what}, so hops may compress the body, which gathers beats.`,
      facts.kind.name === 'held'
        ? 'Something on the way has replaced it: have it leave Cache-Control as it is.'
        : 'Send Cache-Control: no-store, no-transform.',
    ),
  ];
}

/** nginx takes it away when it has obeyed. */
function accelBuffering(facts: Facts): Finding[] {
  const value = header(facts, 'x-accel-buffering');
  if (value !== undefined || facts.kind.name === 'held') return [];
  const isNginx = facts.hops.some(({ id }) => id === 'nginx');
  return [
    note(
      'no-accel-buffering',
      isNginx
        ? 'Whether nginx was told not to buffer is not to be seen: it takes X-Accel-Buffering away.'
        : 'There is no X-Accel-Buffering: an nginx on the way would keep beats back.',
      'Send X-Accel-Buffering: no.',
    ),
  ];
}

function stored(facts: Facts): Finding[] {
  const age = header(facts, 'age');
  const isHit = /\bhit\b/i.test(header(facts, 'x-cache') ?? header(facts, 'cf-cache-status') ?? '');
  if (!isHit && Number(age ?? 0) === 0) return [];
  return [
    problem(
      'cached',
      'A cache gave this answer: it is somebody else’s.',
      'Have it keep to Cache-Control: no-store.',
    ),
  ];
}

function oldVersion(facts: Facts): Finding[] {
  const { head } = facts.observation;
  const isOpen =
    header(facts, 'content-length') === undefined &&
    header(facts, 'transfer-encoding') === undefined &&
    head?.httpVersion.startsWith('2') === false;
  if (isOpen) {
    return [
      warning(
        'close-delimited',
        `The body ends where the connection ends (HTTP/${head.httpVersion}, not chunked): a cut cannot be told from an end.`,
        'Have the last hop speak HTTP/1.1. JSON is safe all the same, since half a document does not parse.',
      ),
    ];
  }
  if (!/(?:^|,)\s*(?:HTTP\/)?1\.0\b/i.test(header(facts, 'via') ?? '')) return [];
  return [
    note(
      'old-hop',
      'A hop got this answer by HTTP/1.0 (Via), where a cut cannot be told from an end.',
      'Have it speak HTTP/1.1. JSON is safe all the same, since half a document does not parse.',
    ),
  ];
}
