import { setTimeout as delay } from 'node:timers/promises';
import { type Answer, answerJson, answerWith } from './answer.js';
import { type Case, INTERVAL_MS } from './cases.js';
import type { Wire } from './wire.js';

interface Scene {
  readonly wire: Wire;
  readonly workMs: number;
  /** What the client sent, parsed. */
  readonly request: unknown;
}

type Handler = (scene: Scene) => Promise<Answer>;

/** Longer than the interval, so that a beat would land there, and shorter than all time-outs. */
const MIDST_MS = 1.6 * INTERVAL_MS;

/** A text that falls silent in the midst of a token. */
async function* inHalves(text: string, at: number): AsyncIterable<string> {
  yield text.slice(0, at);
  await delay(MIDST_MS);
  yield text.slice(at);
}

const answers: Handler = async ({ wire, workMs, request }) => {
  await delay(workMs);
  return answerJson(200, wire.answer(request));
};

const answersInHalves: Handler = async (scene) => {
  const { status, headers, body } = await answers(scene);
  const text = String(body);
  return { status, headers, body: inHalves(text, text.indexOf('held') + 2) };
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
    yield* inHalves(last, last.indexOf('data: ') + 'data: '.length + 1);
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
  json: answersInHalves,
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
