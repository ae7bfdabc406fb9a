import { WORDS } from '#transport';
import {
  AnswerError,
  type HoldOpenErrorCode,
  type HoldOpenErrorFacts,
  TransportError,
} from './errors.js';
import type { Failure } from './transport/failure.js';
import type { Problem } from './wire/problem.js';

/** The error of an exchange that is given up: what, where, how long, how often, and how to go on. */
export function explainFailure(failure: Failure, known: HoldOpenErrorFacts): TransportError {
  const { kind, mayHaveRun, cause, bytes, silenceMs } = failure;
  const facts = { ...known, bytes, silenceMs, cause };
  const when =
    bytes === undefined ? 'before the answer began' : `after ${bytes} bytes of the answer`;
  const silence = silenceMs < 1_000 ? '' : ` and ${seconds(silenceMs)} of silence`;
  const hint = mayHaveRun ? wayOn(facts) : 'The work was not begun: it is safe to send it again.';
  const message = `${nameOf(facts)}: ${WORDS[kind]}, ${when}${silence}${tries(facts)}. ${hint}`;
  return new TransportError(kind, mayHaveRun, message, facts);
}

/** The error of an answer that says itself that it is none. */
export function explainAnswer(
  code: HoldOpenErrorCode,
  what: string,
  facts: HoldOpenErrorFacts,
  status?: number,
  problem?: Problem,
  hint = wayOn(facts),
): AnswerError {
  const said = problem?.detail ?? problem?.title ?? problem?.code;
  const quote = said === undefined ? '' : ` ("${said}")`;
  const message = `${nameOf(facts)}: ${what}${quote}${tries(facts)}. ${hint}`;
  return new AnswerError(code, message.trim(), facts, status, problem);
}

/** How to go on from an end that nobody can tell. */
export const IS_UNKNOWN = 'Whether it was done is not known: look before you begin it anew.';

/** How to go on from an end that a run has recorded: its key is answered with it from then on. */
export function startAnew({ idempotencyKey: key }: HoldOpenErrorFacts): string {
  return key === undefined
    ? 'To send it again starts the work anew.'
    : 'Its key, error.idempotencyKey, has no other answer: a new key starts the work anew.';
}

/** Without its query, which may hold what is not for a log. */
function nameOf({ method = 'GET', url = '' }: HoldOpenErrorFacts): string {
  return `${method} ${url.replace(/[?#].*/, '').replace(/\/\/[^/@]*@/, '//')}`;
}

function tries({ attempts = 1 }: HoldOpenErrorFacts): string {
  return attempts > 1 ? `, in attempt ${attempts}` : '';
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}

const IS_IDEMPOTENT = /^(?:GET|HEAD|OPTIONS|PUT|DELETE)$/;

function wayOn({ method = 'GET', run, cursor, idempotencyKey }: HoldOpenErrorFacts): string {
  const state = run?.state;
  if (run !== undefined && (state === undefined || /^(?:running|completed)$/.test(state))) {
    const what =
      state === undefined
        ? 'What became of the work could not be asked'
        : state === 'running'
          ? 'The work goes on on the server'
          : 'The work is done';
    const from = cursor === undefined ? '' : `, events behind Last-Event-ID ${cursor}`;
    return `${what}: ${run.url} knows${from}.`;
  }
  if (run !== undefined) return `On the server the work is ${state}: ${run.url}.`;
  if (idempotencyKey !== undefined) {
    return 'Send it again under the same key, error.idempotencyKey: a server that knows keys works once.';
  }
  if (IS_IDEMPOTENT.test(method)) return 'It can be sent again.';
  return 'The work may have been done: look before you send it again, or use holdOpen.idempotencyKey.';
}
