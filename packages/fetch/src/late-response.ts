import { codingOf, decode } from './decode.js';
import { HandlerBody } from './handler-body.js';
import { answerHead, warnOfLateCors } from './held-head.js';
import type { HeldResponse } from './held-response.js';
import { discardResponse, isResponse } from './ready-response.js';

/** What the handler gave after a head had been sent in its place. */
export function answerLate(
  held: HeldResponse<Request>,
  sent: Headers,
  onDisconnect: 'abort' | 'continue',
  answer: unknown,
): void {
  const { hold } = held;
  if (hold.over) {
    if (hold.state === 'gone' && onDisconnect === 'continue') finishUnseen(answer);
    else discardResponse(answer, held.stopReason);
    return;
  }
  const wrong = whatIsWrong(answer);
  if (wrong !== undefined || !isResponse(answer)) {
    discardResponse(answer, undefined);
    hold.threw(new TypeError(wrong));
    return;
  }
  hold.touch();
  warnOfLateCors(held.route, held.request, sent, answer);
  const coding = codingOf(answer);
  const { body } = answer;
  if (body === null) {
    hold.answer(answerHead(held.request, sent, answer));
    held.ended();
    return;
  }
  const decoded = coding === undefined ? undefined : decode(body, coding);
  if (coding !== undefined && decoded === undefined) {
    discardResponse(answer, undefined);
    hold.undecodable(`The payload came with the content coding ${coding}.`);
    return;
  }
  hold.answer(answerHead(held.request, sent, answer));
  held.takeFrom(decoded?.readable ?? body, decoded);
}

/** In a sentence that says what to do; the answer is a Response that can be read if there is none. */
function whatIsWrong(answer: unknown): string | undefined {
  if (!isResponse(answer)) {
    const given = answer === null ? 'null' : typeof answer;
    return `The handler answered with no Response but with ${given}. Give back a Response on every path.`;
  }
  if (answer.status < 200 || answer.status > 599) {
    return `The handler answered with the status ${answer.status} after a head had been sent: 200 to 599 can follow it.`;
  }
  if (answer.bodyUsed || answer.body?.locked === true) {
    return 'The handler answered with a Response whose body had been read already, or is being read. Give back a clone() made before, or a new Response.';
  }
  return undefined;
}

/** The client has left, and the work is to be done all the same. */
function finishUnseen(answer: unknown): void {
  if (!isResponse(answer) || answer.body === null || answer.body.locked) return;
  const taker = { took() {}, ended() {}, failed() {} };
  new HandlerBody(answer.body, taker).finishUnseen();
}
