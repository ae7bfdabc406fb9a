/**
 * What a body fails with whose receiver must see that it is not whole. With this code @hono/node-server
 * destroys the connection; with others it writes their message into the body first.
 */
export function cutError(cause: unknown): Error {
  const error = new Error('holdopen: the output of a run broke off, so the answer was cut', {
    cause,
  });
  return Object.assign(error, { code: 'ERR_STREAM_PREMATURE_CLOSE' });
}
