import { holdFetch } from '@holdopen/client';

export interface Session {
  readonly user: string;
  /** By this page's clock. */
  readonly expiresAtMs: number;
}

interface Told {
  readonly user?: string;
  readonly expiresAt?: number;
  readonly now: number;
}

/** Who is signed in; `undefined` for nobody. */
export async function readSession(): Promise<Session | undefined> {
  const response = await holdFetch('/session');
  return sessionOf((await response.json()) as Told);
}

/** @throws Error that says what is wrong with the name */
export async function signIn(user: string): Promise<Session | undefined> {
  const response = await holdFetch('/session', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ user }),
  });
  if (!response.ok) throw new Error(await response.text());
  return sessionOf((await response.json()) as Told);
}

/** The clocks of page and server may differ: what counts is for how long it lasts from now. */
function sessionOf({ user, expiresAt, now }: Told): Session | undefined {
  if (user === undefined || expiresAt === undefined) return undefined;
  return { user, expiresAtMs: performance.now() + expiresAt - now };
}
