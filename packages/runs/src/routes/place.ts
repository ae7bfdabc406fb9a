import { isRunId } from '../run-id.js';

/** What a path of the run routes names. */
export type Place =
  /** All runs of the principal that go on. */
  | { readonly kind: 'list' }
  /** A run, its events or its result. */
  | { readonly kind: 'run' | 'events' | 'result'; readonly run: string }
  /** Somewhere below, where there is nothing. */
  | { readonly kind: 'nothing' };

/**
 * `undefined` for a path that is none of the routes'. `isMounted`: nothing else is asked here, and what
 * mounts the routes under a prefix may have taken it off already.
 */
export function placeOf(pathname: string, basePath: string, isMounted: boolean): Place | undefined {
  const isBelow = pathname === basePath || pathname.startsWith(`${basePath}/`);
  if (!isBelow && !isMounted) return undefined;
  const rest = isBelow ? pathname.slice(basePath.length) : pathname;
  const [run, part, ...more] = rest.split('/').filter((segment) => segment !== '');
  if (run === undefined) return isBelow ? { kind: 'list' } : undefined;
  if (!isRunId(run)) return isBelow ? { kind: 'nothing' } : undefined;
  if (part === undefined) return { kind: 'run', run };
  const isPart = (part === 'events' || part === 'result') && more.length === 0;
  return isPart ? { kind: part, run } : { kind: 'nothing' };
}

/** For metrics. */
export function patternOf({ kind }: Place, basePath: string): string {
  if (kind === 'list') return basePath;
  if (kind === 'nothing') return `${basePath}/*`;
  return kind === 'run' ? `${basePath}/:id` : `${basePath}/:id/${kind}`;
}
