import { randomUUID } from 'node:crypto';
import { HttpError } from './http-error.js';

export interface Session {
  readonly id: string;
  readonly createdAt: string;
  /** How many of its messages were answered. */
  messages: number;
}

const MAX_SESSIONS = 1_000;

/** All sessions, in memory. */
export class Sessions {
  readonly #byId = new Map<string, Session>();

  create(id: string = randomUUID()): Session {
    if (this.#byId.size >= MAX_SESSIONS) {
      throw new HttpError(503, `there are ${MAX_SESSIONS} sessions already`);
    }
    const session = { id, createdAt: new Date().toISOString(), messages: 0 };
    this.#byId.set(id, session);
    return session;
  }

  get(id: string): Session {
    const session = this.#byId.get(id);
    if (session === undefined) {
      throw new HttpError(404, 'there is no such session: create one with POST /session');
    }
    return session;
  }

  list(): Session[] {
    return [...this.#byId.values()];
  }
}
