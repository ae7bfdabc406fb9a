import { HTTP2_PROXIES, PROXIES } from './all.js';

/** Rows that are no program of somebody else. */
export const DIRECT = 'nothing in between';
export const SIDECAR = 'holdopen proxy';

export const PROXY_NAMES: readonly string[] = [DIRECT, ...PROXIES.map(({ name }) => name), SIDECAR];

/** Of those, the ones that speak HTTP/2 to clients. */
export const HTTP2_PROXY_NAMES: readonly string[] = [
  DIRECT,
  ...new Set(HTTP2_PROXIES.map(({ name }) => name)),
];
