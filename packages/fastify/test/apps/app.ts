import type { FastifyInstance, FastifyServerOptions } from 'fastify';
import type { Question } from '../../../node/test/held/support/ask.js';

/** A small application as Fastify's documentation has it, and what is asked of it. */
export interface DocumentedApp {
  /** The page of the documentation and what it shows there. */
  readonly title: string;
  readonly build: (app: FastifyInstance) => unknown;
  readonly asks: readonly Question[];
  readonly options?: FastifyServerOptions & Record<string, unknown>;
  /** It counts what it was asked, or ends connections: one request at a time. */
  readonly alone?: true;
  /** It keeps a connection open that its client wants closed. */
  readonly keepsAlive?: true;
  /** What it is asked never comes to a route. */
  readonly unwatched?: true;
}

export const JSON_TYPE = { 'Content-Type': 'application/json' };

export function get(path: string, headers: Readonly<Record<string, string>> = {}): Question {
  return { path, headers };
}

export function post(
  path: string,
  body: string,
  headers: Readonly<Record<string, string>> = JSON_TYPE,
): Question {
  return { method: 'POST', path, body, headers };
}

export const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
