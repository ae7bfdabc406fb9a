/** Longer than any address that a person would read. */
const MAX_LENGTH = 300;

/**
 * The route of a hold: by its pattern, as its framework has it, or by its path where there is none, which
 * shows what stands in it. Never with a query.
 */
export function routeName(
  { method, route }: { readonly method: string; readonly route: string | undefined },
  request: unknown,
): string {
  return `${method} ${route ?? pathOf(request)}`.slice(0, MAX_LENGTH);
}

function pathOf(request: unknown): string {
  const { originalUrl, url } = (request ?? {}) as { originalUrl?: unknown; url?: unknown };
  const address = typeof originalUrl === 'string' ? originalUrl : url;
  if (typeof address !== 'string') return '';
  const [path = ''] = address.split(/[?#]/, 1);
  return path.replace(/^[a-z]+:\/\/[^/]*/i, '');
}
