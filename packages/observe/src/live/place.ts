/** What a path below the page's own names. */
type Place = 'page' | 'bare' | 'events' | 'file' | 'nothing';

export interface Placed {
  readonly place: Place;
  /** The name below the page. */
  readonly name: string;
}

/**
 * `undefined` for what is not at or below `basePath`. `bare` is the page without the slash that its
 * relative addresses need.
 */
export function placeOf(pathname: string, basePath: string): Placed | undefined {
  if (pathname === basePath) return { place: basePath === '' ? 'page' : 'bare', name: '' };
  if (!pathname.startsWith(`${basePath}/`)) return undefined;
  const name = pathname.slice(basePath.length + 1);
  if (name === '') return { place: 'page', name };
  if (name === 'events') return { place: 'events', name };
  return { place: FILES.has(name) ? 'file' : 'nothing', name };
}

/** What the page is made of, and its types. */
export const FILES: ReadonlyMap<string, string> = new Map([
  ['page.css', 'text/css; charset=utf-8'],
  ['icon.svg', 'image/svg+xml'],
  ...[
    ...['page.js', 'stream.js', 'state.js', 'connection.js', 'tiles.js', 'sparkline.js'],
    ...['sections.js', 'table.js', 'columns.js', 'words.js', 'find.js'],
  ].map((name): [string, string] => [name, 'text/javascript; charset=utf-8']),
]);

/**
 * Where a framework has mounted middleware, seen by what it took off the address: Express and Connect
 * keep the whole in `originalUrl`. `undefined` if nothing was taken off.
 */
export function mountedAt(
  originalUrl: string | undefined,
  url: string | undefined,
): string | undefined {
  if (originalUrl === undefined || url === undefined || originalUrl === url) return undefined;
  const [whole = ''] = originalUrl.split('?', 1);
  const [rest = ''] = url.split('?', 1);
  if (whole.endsWith(rest)) return whole.slice(0, whole.length - rest.length);
  // `/live` becomes `/`.
  return rest === '/' ? whole : undefined;
}
