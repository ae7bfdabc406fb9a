import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Case } from './cases.js';
import type { Wire } from './wire.js';

interface Scene {
  readonly wire: Wire;
  readonly workMs: number;
  /** What the client sent, parsed. */
  readonly request: unknown;
}

type Handler = (res: ServerResponse<IncomingMessage>, scene: Scene) => Promise<void>;

const answers: Handler = async (res, { wire, workMs, request }) => {
  await delay(workMs);
  res.setHeader('Content-Type', 'application/json');
  res.end(JSON.stringify(wire.answer(request)));
};

const fails: Handler = async (res, { wire, workMs, request }) => {
  await delay(workMs);
  res.writeHead(422, { 'Content-Type': 'application/json' });
  res.end(JSON.stringify(wire.failure(request)));
};

const streams: Handler = async (res, { wire, workMs, request }) => {
  const [first, last] = wire.events(request);
  await delay(workMs);
  if (!res.headersSent) res.setHeader('Content-Type', 'text/event-stream');
  res.write(first);
  await delay(workMs);
  res.end(last);
};

const streamsAtOnce: Handler = async (res, scene) => {
  res.writeHead(200, { 'Content-Type': 'text/event-stream' });
  res.flushHeaders();
  await streams(res, scene);
};

const breaksDown: Handler = async (res, { wire, workMs, request }) => {
  const [first, last] = wire.events(request);
  await delay(workMs);
  res.setHeader('Content-Type', 'text/event-stream');
  res.write(first);
  await delay(workMs);
  // In the middle of an event: no beat and no error event can follow.
  res.write(last.slice(0, last.indexOf('data: ') + 'data: '.length + 1));
  await delay(200);
  res.destroy();
};

/** What frameworks make of an error that nobody caught. */
const showsErrorPage: Handler = async (res, { workMs }) => {
  await delay(workMs);
  res.writeHead(500, { 'Content-Type': 'text/html' });
  res.end('<h1>Internal Server Error</h1>');
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
