// What the READMEs take for granted.
import type { IncomingMessage } from 'node:http';

type Incoming = Pick<IncomingMessage, 'headers'>;

/** A login, of whichever kind. */
export function userOf(req: Incoming | undefined): string | undefined {
  return req?.headers['x-user']?.toString();
}

/** Middleware, or a hook. */
export function login(_req: Incoming, _res: unknown, next: () => void): void {
  next();
}

let works = 0;

export async function workForMinutes(_given: unknown): Promise<object> {
  works += 1;
  return { works };
}
