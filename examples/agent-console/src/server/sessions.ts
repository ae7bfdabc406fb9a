import type { Context } from 'hono';
import { deleteCookie, setSignedCookie } from 'hono/cookie';
import { parseSigned } from 'hono/utils/cookie';

export interface Session {
  readonly user: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

const COOKIE = 'session';

/** Logins in a signed cookie: any process knows them, and a restart forgets none. */
export class Sessions {
  readonly #secret: string;
  readonly #lifeMs: number;

  constructor(secret: string, lifeMs: number) {
    this.#secret = secret;
    this.#lifeMs = lifeMs;
  }

  /** Whom a request is from; `undefined` if its login has expired, or there is none. */
  async of(request: Request): Promise<Session | undefined> {
    const cookies = await parseSigned(request.headers.get('cookie') ?? '', this.#secret, COOKIE);
    const [, user, until] = /^([A-Za-z0-9-]{1,40})\.(\d+)$/.exec(cookies[COOKIE] || '') ?? [];
    const expiresAt = Number(until);
    return user !== undefined && expiresAt > Date.now() ? { user, expiresAt } : undefined;
  }

  /** There is no password: this is where your own login goes. `undefined` if the name is none. */
  async begin(c: Context, user: unknown): Promise<Session | undefined> {
    if (typeof user !== 'string' || !/^[A-Za-z0-9-]{1,40}$/.test(user)) return undefined;
    const session = { user, expiresAt: Date.now() + this.#lifeMs };
    await setSignedCookie(c, COOKIE, `${user}.${session.expiresAt}`, this.#secret, {
      path: '/',
      httpOnly: true,
      sameSite: 'Strict',
      // A proxy that ends TLS says so; whoever lies to us about it has a stricter cookie.
      secure: (c.req.header('x-forwarded-proto') ?? new URL(c.req.url).protocol).startsWith(
        'https',
      ),
      maxAge: Math.ceil(this.#lifeMs / 1_000),
    });
    return session;
  }

  end(c: Context): void {
    deleteCookie(c, COOKIE, { path: '/' });
  }
}
