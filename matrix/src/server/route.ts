import { type Case, isCase } from './cases.js';
import { isWire, type WireName } from './wire.js';

/** What the path of a request says: `/<wire>/<case>/<milliseconds of work>/<id>`, and what an SDK puts behind it. */
export interface Route {
  readonly wire: WireName;
  readonly name: Case;
  readonly workMs: number;
  /** By it the exchange is found in the server's log. */
  readonly id: string;
}

export function routeTo({ wire, name, workMs, id }: Route): string {
  return `/${wire}/${name}/${workMs}/${id}`;
}

/** Of a whole URL or its path. `undefined`: there is no such route. */
export function routeOf(url: string | undefined): Route | undefined {
  const [wire, name, work, id = ''] = partsOf(url);
  const workMs = Number(work);
  if (!isWire(wire) || !isCase(name) || !(workMs >= 0)) return undefined;
  return { wire, name, workMs, id };
}

export function partsOf(url: string | undefined): string[] {
  const { pathname } = new URL(url ?? '/', 'http://server');
  return pathname.split('/').filter((part) => part !== '');
}
