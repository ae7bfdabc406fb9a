import { setTimeout as delay } from 'node:timers/promises';
import { type Answer, answerJson, answerWith } from './answer.js';
import type { Case } from './cases.js';
import type { Wire } from './wire.js';

interface Scene {
  readonly wire: Wire;
  readonly workMs: number;
  /** What the client sent, parsed. */
  readonly request: unknown;
}

type Handler = (scene: Scene) => Promise<Answer>;

const answers: Handler = async ({ wire, workMs, request }) => {
  await delay(workMs);
  return answerJson(200, wire.answer(request));
};

const fails: Handler = async ({ wire, workMs, request }) => {
  await delay(workMs);
  return answerJson(422, wire.failure(request));
};

const streams: Handler = async ({ wire, workMs, request }) => {
  const [first, last] = wire.events(request);
  await delay(workMs);
  return answerWith(200, 'text/event-stream', pieces());
  async function* pieces() {
    yield first;
    await delay(workMs);
    yield last;
  }
};

const streamsAtOnce: Handler = async ({ wire, workMs, request }) => {
  const [first, last] = wire.events(request);
  return answerWith(200, 'text/event-stream', pieces());
  async function* pieces() {
    await delay(workMs);
    yield first;
    await delay(workMs);
    yield last;
  }
};

const breaksDown: Handler = async ({ wire, workMs, request }) => {
  const [first, last] = wire.events(request);
  await delay(workMs);
  return answerWith(200, 'text/event-stream', pieces());
  async function* pieces() {
    yield first;
    await delay(workMs);
    // In the middle of an event: no beat and no error event can follow.
    yield last.slice(0, last.indexOf('data: ') + 'data: '.length + 1);
    await delay(200);
    throw new Error('the handler broke down, as it was asked to');
  }
};

/** What frameworks make of an error that nobody caught. */
const showsErrorPage: Handler = async ({ workMs }) => {
  await delay(workMs);
  return answerWith(500, 'text/html', '<h1>Internal Server Error</h1>');
};

/** What the handlers of the server do. None of them knows of holdopen. */
export const PLAYS: Readonly<Record<Case, Handler>> = {
  silent: answers,
  json: answers,
  cut: fails,
  body: fails,
  events: streams,
  'events-bare-frame': streams,
  'events-late-known': streams,
  'events-own-head': streamsAtOnce,
  'events-cut': breaksDown,
  'events-error': showsErrorPage,
  'events-failed': fails,
};
