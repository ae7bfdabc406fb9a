/** The requests of the streams of all live pages of this process, which are no news. */
const requests = new WeakSet<object>();

export function rememberOwnStream(request: object): void {
  requests.add(request);
}

export function isOwnStream(request: unknown): boolean {
  return typeof request === 'object' && request !== null && requests.has(request);
}
