// The middleware of connect's kind, which Express and a plain server share. Its types are installed
// where packages/express needs them and not here, so that each gets the face that the rows use.
import type { IncomingMessage, ServerResponse } from 'node:http';
// @ts-expect-error: no types here
import compression from 'compression';
// @ts-expect-error: no types here
import cors from 'cors';
// @ts-expect-error: no types here
import session from 'express-session';
import { note } from '../observed.js';
import type { Row } from '../row.js';
import { CORS } from './cors.js';

export type Next = (error?: unknown) => void;
export type Connect = (req: IncomingMessage, res: ServerResponse, next: Next) => void;

interface SessionData {
  key?: string;
  visits?: number;
}

/** What express-session puts on a request, without its types. */
export type WithSession = IncomingMessage & { session?: SessionData };

const createCompression: (options: { threshold: number }) => Connect = compression;
const createCors: (options: object) => Connect = cors;
const createSession: (options: object) => Connect = session;
const MemoryStore: new () => {
  set(sid: string, data: SessionData, done: () => void): void;
} = session.MemoryStore;

/** Notes what is saved. */
class NotedStore extends MemoryStore {
  override set(sid: string, data: SessionData, done: () => void): void {
    if (data.key !== undefined) note(data.key, 'session saved', { visits: data.visits });
    super.set(sid, data, done);
  }
}

/** What stands around holdOpen, and what between it and the handler. */
export function surroundings(row: Row): { outside: Connect[]; inside: Connect[] } {
  const outside: Connect[] = [];
  const inside: Connect[] = [];
  for (const one of row.around ?? []) {
    if (one === 'compression outside') outside.push(createCompression({ threshold: 0 }));
    if (one === 'compression inside') inside.push(createCompression({ threshold: 0 }));
    if (one === 'cors') inside.push(createCors(CORS));
    if (one === 'session') {
      inside.push(
        createSession({
          secret: 'conformance',
          resave: false,
          saveUninitialized: false,
          store: new NotedStore(),
        }),
      );
    }
  }
  return { outside, inside };
}

export function chain(
  middlewares: readonly Connect[],
  last: (req: IncomingMessage, res: ServerResponse) => unknown,
): (req: IncomingMessage, res: ServerResponse) => unknown {
  return (req, res) => {
    let result: unknown;
    const step = (index: number): void => {
      const middleware = middlewares[index];
      if (middleware === undefined) {
        result = last(req, res);
        return;
      }
      middleware(req, res, (error) => {
        if (error !== undefined) throw error;
        step(index + 1);
      });
    };
    step(0);
    return result;
  };
}
