import type { FastifyReply } from 'fastify';

/** What `reply.setCookie` of @fastify/cookie keeps. */
interface PendingCookie {
  readonly name: string;
  readonly value: string;
  readonly opts: object;
}

interface CookieInstance {
  serializeCookie?: (name: string, value: string, options: object) => string;
}

/**
 * @fastify/cookie turns cookies into headers in its `onSend` hook, which runs when the held head has
 * long left; until then they stand in a map on the reply, under a symbol that it keeps to itself.
 */
export function pendingCookies(reply: FastifyReply): string[] {
  const { serializeCookie } = reply.server as CookieInstance;
  if (typeof serializeCookie !== 'function') return [];
  const key = Object.getOwnPropertySymbols(reply).find(
    ({ description }) => description === 'fastify.reply.setCookies',
  );
  const pending: unknown = key === undefined ? undefined : Reflect.get(reply, key);
  if (!(pending instanceof Map)) return [];
  const cookies = [...pending.values()] as readonly PendingCookie[];
  return cookies.map(({ name, value, opts }) => serializeCookie(name, value, opts));
}
