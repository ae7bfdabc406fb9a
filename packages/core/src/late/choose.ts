import type { BeatFormat, Chunk } from '../formats/format.js';
import { isJsonMediaType } from '../formats/json.js';
import { isUtf8, parseContentType } from '../negotiate.js';
import type { Formats } from '../options.js';
import {
  type Answer,
  firstCode,
  JsonAnswer,
  KeptAnswer,
  StreamAnswer,
  startsJson,
  WrappedJsonAnswer,
} from './answer.js';
import { type HeaderPair, lateHead, lateHeadComment } from './head.js';
import type { LateError, LateOutcome, LateSuccess } from './outcome.js';

/** What is known when the handler's head is. */
export interface AnswerFacts {
  readonly status: number;
  readonly contentType: string | undefined;
  /** Those that travel in the late head. */
  readonly headers: readonly HeaderPair[];
  /** It comes from another holdopen, which has put beats and a late head before it, perhaps. */
  readonly isHeld: boolean;
  /** The format the response is held in. */
  readonly format: BeatFormat;
  readonly formats: Formats;
}

export interface AnswerChoice {
  readonly answer: Answer;
  /** `undefined` for a plain 200. */
  readonly outcome: LateOutcome | undefined;
  /** The hold goes on in another format. */
  readonly switchedTo?: BeatFormat;
}

/** What becomes of the handler's body, by its status and type and the format that is held. */
export function chooseAnswer(facts: AnswerFacts): AnswerChoice {
  const { status, contentType, format, formats } = facts;
  const type = contentType === undefined ? undefined : parseContentType(contentType);
  const held = format.name;
  const isEvents = type !== undefined && formats.sse.matches(type.mediaType);

  if (status >= 300 && status < 400) return kept(facts, 'late_redirect');
  // A part of a document is no answer to whoever was promised the whole.
  if (status === 206) return kept(facts, 'wrong_type');
  if (held === 'json' && isEvents) {
    const before = lateHeadComment(status, facts.headers);
    const answer = new StreamAnswer(before, formats.sse.createTracker(true));
    return { answer, outcome: outcomeOfWhole(facts), switchedTo: formats.sse };
  }
  if (type !== undefined && !isUtf8(type.charset)) return kept(facts, 'wrong_type');

  const isJson = type === undefined || isJsonMediaType(type.mediaType);
  if (held === 'sse' && !isEvents && isJson) {
    const before = lateHeadComment(status, facts.headers);
    const answer = new WrappedJsonAnswer(before, 'data: ', '\ndata: ', '\n\n');
    return { answer, outcome: outcomeOfWhole(facts) };
  }
  if (status >= 400 && !(held === 'sse' && isEvents)) return kept(facts, 'error_status');
  if (type === undefined || format.matches(type.mediaType)) {
    if (held !== 'json') {
      const before = held === 'sse' ? lateHeadComment(status, facts.headers) : '';
      return {
        answer: new StreamAnswer(before, format.createTracker(true)),
        outcome: outcomeOfWhole(facts),
      };
    }
    const head = status !== 200 || facts.headers.length > 0 ? lateHead(status, facts.headers) : '';
    return { answer: new JsonAnswer(head, 'null', facts.isHeld), outcome: successOf(facts) };
  }
  if (isJson && (held === 'ndjson' || held === 'json-seq')) {
    const start = held === 'json-seq' ? '\u001e' : '';
    return { answer: new WrappedJsonAnswer('', start, ' ', '\n'), outcome: successOf(facts) };
  }
  return kept(facts, 'wrong_type');
}

/**
 * A payload of no declared type counts as JSON if it begins like it. Gives what is to be done with it
 * instead; `undecided` while nothing but white space has come.
 */
export function chooseByFirstBytes(
  facts: AnswerFacts,
  chunk: Chunk,
): AnswerChoice | 'as-chosen' | 'undecided' {
  const { name } = facts.format;
  if (facts.contentType !== undefined || (name !== 'json' && name !== 'sse')) return 'as-chosen';
  const code = firstCode(chunk);
  if (code === -1) return 'undecided';
  return startsJson(code) ? 'as-chosen' : kept(facts, 'wrong_type');
}

function kept(facts: AnswerFacts, code: LateError['code']): AnswerChoice {
  const { status, contentType, headers } = facts;
  const wrongType = code === 'wrong_type' && status < 300;
  const outcome: LateError = {
    ok: false,
    status: wrongType ? 500 : status,
    code: status >= 400 ? 'error_status' : code,
    headers,
    ...(contentType === undefined ? {} : { contentType }),
    ...(wrongType
      ? {
          detail: `The handler answered with ${status === 206 ? 'a part of its document' : (contentType ?? 'a body that is not JSON')} after a head for ${facts.format.contentType} had been sent.`,
        }
      : {}),
  };
  return { answer: new KeptAnswer(), outcome };
}

function successOf({ status, headers }: AnswerFacts): LateSuccess | undefined {
  return status === 200 && headers.length === 0 ? undefined : { ok: true, status, headers };
}

/** An error that leaves whole, as an event or as a stream of them, is a late outcome all the same. */
function outcomeOfWhole(facts: AnswerFacts): LateOutcome | undefined {
  if (facts.status < 400) return successOf(facts);
  return { ok: false, status: facts.status, code: 'error_status', headers: facts.headers };
}

export interface ErrorBody {
  readonly failure: LateError;
  /** The handler's own JSON object, to be sent as it is. */
  readonly ownJson: string | undefined;
}

/** Puts what the handler sent with an error into its outcome. */
export function readErrorBody(outcome: LateError, answer: KeptAnswer): ErrorBody {
  const type =
    outcome.contentType === undefined ? undefined : parseContentType(outcome.contentType);
  // A page that took the place of a JSON answer is no part of an error; it would only leak.
  if (answer.empty || outcome.code === 'wrong_type')
    return { failure: outcome, ownJson: undefined };
  if (answer.overflowed) {
    const detail = 'The error had a body that was too large to be kept.';
    return { failure: { ...outcome, detail }, ownJson: undefined };
  }
  const text = answer.text();
  if (type === undefined || isJsonMediaType(type.mediaType)) {
    const value = parseJson(text);
    if (value !== undefined) {
      const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
      return { failure: { ...outcome, body: value }, ownJson: isObject ? text.trim() : undefined };
    }
  }
  const readable =
    type === undefined ||
    isJsonMediaType(type.mediaType) ||
    /^text\/|[/+]xml$/.test(type.mediaType);
  return {
    failure: readable ? { ...outcome, body: text } : outcome,
    ownJson: undefined,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
