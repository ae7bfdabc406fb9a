/** An option of the proxy is wrong. The message says which, what was given and what to do. */
export class ProxyOptionError extends Error {
  override readonly name = 'ProxyOptionError';
}
