import type { Facts } from './facts.js';
import type { Finding } from './findings/finding.js';
import { duration } from './words.js';

export interface Verdict {
  readonly isWell: boolean;
  /** One sentence. */
  readonly sentence: string;
}

/** By the code of the gravest finding. */
const UNWELL: Readonly<Record<string, string>> = {
  'beats-gathered': 'Beats are gathered on the way, so that they help nobody behind it.',
  'beats-missing': 'Beats do not get through.',
  blank: 'The answer has no payload.',
  cached: 'The answer is out of a cache.',
  closed: 'The connection was closed without an answer.',
  cut: 'The answer was cut.',
  'cors-credentials': 'Pages of that origin are kept out if they send cookies.',
  'cors-holdopen': 'Pages of that origin do not see what becomes of the answer.',
  'cors-method': 'Pages of that origin are kept out.',
  'cors-origin': 'Pages of that origin are kept out.',
  'cors-request-headers': 'Pages of that origin are kept out.',
  dns: 'There is no such host.',
  'endless-head': 'The answer is no HTTP that anybody reads.',
  'error-status': 'The request was refused; ask for something that works.',
  'head-cut': 'The answer was cut in its head.',
  'hop-gave-up': 'A hop gave up before the server answered.',
  incomplete: 'The answer was cut, and a hop hides it.',
  'interval-too-long': 'Beats come too late.',
  'invalid-head': 'The answer is no HTTP that everybody reads.',
  'no-connection': 'There is no connection.',
  'no-http': 'This is no HTTP.',
  'no-http2': 'This is no HTTP/2.',
  'not-sent': 'Nothing was asked.',
  'not-held': 'The answer is not held: silence like this is cut by others.',
  preflight: 'Pages of that origin are kept out.',
  redirect: 'It is somewhere else.',
  refused: 'Nobody listens there.',
  'server-away': 'The hop does not reach the server.',
  silent: 'Nothing came.',
  'stream-reset': 'The request was reset without an answer.',
  tls: 'TLS does not come about.',
  undecodable: 'No client can decode the answer.',
  unreachable: 'The host cannot be reached.',
};

export function verdictOf(facts: Facts, findings: readonly Finding[]): Verdict {
  const worst = findings.find(({ level }) => level === 'problem');
  if (worst !== undefined) {
    return { isWell: false, sentence: UNWELL[worst.code] ?? 'It is not well.' };
  }
  return { isWell: true, sentence: `${well(facts)}${butWarnings(findings)}` };
}

function well({ rhythm, kind, isHeld, observation }: Facts): string {
  const { ending, body } = observation;
  const isWhole = ending.how === 'clean' && body.state !== 'incomplete' && body.state !== 'blank';
  const whole = isWhole ? ', and the answer is whole' : '';
  if (rhythm.arrival === 'one-by-one') {
    const every = rhythm.everyMs === undefined ? '' : `, every ${duration(rhythm.everyMs)}`;
    return `Beats get through one by one${every}${whole}.`;
  }
  if (isHeld && body.format === 'other') {
    return `It is held${whole}, but its beats cannot be told from data.`;
  }
  if (isHeld) return `It is held${whole}, but it was too short to judge its beats.`;
  if (kind.name === 'stream') return `A stream that was never silent for long${whole}.`;
  const status = observation.head?.status ?? 0;
  return `An ordinary answer (${status}${body.bytes === 0 ? ', no body' : ''}), quick enough to need no beats.`;
}

function butWarnings(findings: readonly Finding[]): string {
  const warnings = findings.filter(({ level }) => level === 'warning').length;
  if (warnings === 0) return '';
  return ` But see the ${warnings === 1 ? 'warning' : `${warnings} warnings`}.`;
}
