import { type Advice, adviceFor } from './advice.js';
import { type Facts, factsOf } from './facts.js';
import { answerFindings } from './findings/answer.js';
import { beatFindings } from './findings/beats.js';
import { corsFindings, type Page } from './findings/cors.js';
import { endingFindings } from './findings/ending.js';
import type { Finding } from './findings/finding.js';
import { headerFindings } from './findings/headers.js';
import { reachFindings } from './findings/reach.js';
import { type Standing, standingOf, timeOutFindings } from './findings/time-outs.js';
import type { Observation } from './observation.js';
import { type Verdict, verdictOf } from './verdict.js';

export interface Diagnosis {
  readonly facts: Facts;
  /** Problems first. */
  readonly findings: readonly Finding[];
  readonly standing: Standing;
  readonly verdict: Verdict;
  readonly advice: Advice | undefined;
}

export interface Surroundings {
  /** Idle time-outs on the way that the asker knows of. */
  readonly idleLimitsMs?: readonly number[];
  /** The page whose CORS is looked at. */
  readonly page?: Page | undefined;
}

const ORDER = ['problem', 'warning', 'note'];

/** What is to be said of what was seen. */
export function diagnose(
  observation: Observation,
  { idleLimitsMs = [], page }: Surroundings = {},
): Diagnosis {
  const facts = factsOf(observation, idleLimitsMs);
  const findings = [
    ...reachFindings(facts),
    ...answerFindings(facts),
    ...beatFindings(facts),
    ...endingFindings(facts),
    ...headerFindings(facts),
    ...(page === undefined ? [] : corsFindings(facts, page)),
    ...timeOutFindings(facts),
  ].toSorted((a, b) => ORDER.indexOf(a.level) - ORDER.indexOf(b.level));
  return {
    facts,
    findings,
    standing: standingOf(facts),
    verdict: verdictOf(facts, findings),
    advice: adviceFor(facts),
  };
}
