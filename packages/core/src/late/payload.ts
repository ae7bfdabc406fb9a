import type { BeatFormat, Chunk, Place } from '../formats/format.js';
import { type Answer, JsonAnswer, KeptAnswer, StreamAnswer } from './answer.js';
import {
  type AnswerChoice,
  type AnswerFacts,
  chooseAnswer,
  chooseByFirstBytes,
  type ErrorBody,
  readErrorBody,
} from './choose.js';
import type { LateOutcome } from './outcome.js';

/** What the end of a payload comes to: the rest of its bytes, or an error that takes its place. */
export type PayloadEnd =
  | { readonly chunks: readonly Chunk[]; readonly error?: undefined }
  | { readonly error: ErrorBody };

/** What the handler writes while beats have left before it: what may leave of it, and what it comes to. */
export class Payload {
  readonly #facts: AnswerFacts | undefined;
  #answer: Answer;
  #outcome: LateOutcome | undefined;
  /** It has no declared type, and its first bytes have not come yet. */
  #isUnproven: boolean;

  private constructor({ answer, outcome }: AnswerChoice, facts: AnswerFacts | undefined) {
    this.#answer = answer;
    this.#outcome = outcome;
    this.#facts = facts;
    this.#isUnproven = facts !== undefined && facts.contentType === undefined;
  }

  /** Under a head that holdopen has sent. `switchedTo`: the hold goes on in another format. */
  static underOurHead(facts: AnswerFacts): {
    readonly payload: Payload;
    readonly switchedTo: BeatFormat | undefined;
  } {
    const choice = chooseAnswer(facts);
    return { payload: new Payload(choice, facts), switchedTo: choice.switchedTo };
  }

  /** Under a head that its handler has sent, which says all there is to say of it. */
  static underItsOwnHead(format: BeatFormat): Payload {
    const answer =
      format.name === 'json'
        ? new JsonAnswer('', '')
        : new StreamAnswer('', format.createTracker(true));
    return new Payload({ answer, outcome: undefined }, undefined);
  }

  /** What is known of it by its head; `undefined` for a plain 200. */
  get outcome(): LateOutcome | undefined {
    return this.#outcome;
  }

  /** Bytes of it have left. */
  get begun(): boolean {
    return this.#answer.begun;
  }

  /** Where the bytes that have left stand. */
  place(): Place {
    return this.#answer.place();
  }

  /** What may leave now, in order. */
  push(chunk: Chunk): readonly Chunk[] {
    this.#prove(chunk);
    return this.#answer.push(chunk);
  }

  /** Called once. */
  end(chunk: Chunk | undefined): PayloadEnd {
    if (chunk !== undefined) this.#prove(chunk);
    let chunks = this.#answer.end(chunk);
    const empty = this.#withoutType();
    if (empty !== undefined) {
      this.#take(empty);
      chunks = this.#answer.end(undefined);
    }
    if (this.#answer instanceof KeptAnswer && this.#outcome?.ok === false) {
      return { error: readErrorBody(this.#outcome, this.#answer) };
    }
    return { chunks };
  }

  /** A payload of no declared type must at least begin like the format that was promised. */
  #prove(chunk: Chunk): void {
    if (!this.#isUnproven || this.#facts === undefined) return;
    const choice = chooseByFirstBytes(this.#facts, chunk);
    this.#isUnproven = choice === 'undecided';
    if (typeof choice !== 'string') this.#take(choice);
  }

  /** A success of another type that turned out to have no body at all has no wrong one either. */
  #withoutType(): AnswerChoice | undefined {
    const isEmpty = this.#answer instanceof KeptAnswer && this.#answer.empty;
    if (!isEmpty || this.#facts === undefined || this.#facts.status >= 300) return undefined;
    return chooseAnswer({ ...this.#facts, contentType: undefined });
  }

  #take({ answer, outcome }: AnswerChoice): void {
    this.#answer = answer;
    this.#outcome = outcome;
  }
}
