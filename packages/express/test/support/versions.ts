import { createRequire } from 'node:module';
import express from 'express';
import express4 from 'express-4';

export type ExpressModule = typeof express;

export interface ExpressVersion {
  readonly name: string;
  readonly major: 4 | 5;
  readonly express: ExpressModule;
}

/** Every test runs on both: the peer range promises them. */
export const VERSIONS: readonly ExpressVersion[] = [
  { name: 'Express 5', major: 5, express },
  { name: 'Express 4', major: 4, express: express4 },
];

const require = createRequire(import.meta.url);

/** What is really installed under a name, so that no version is tested twice. */
export function installedVersion(name: 'express' | 'express-4'): string {
  return (require(`${name}/package.json`) as { version: string }).version;
}
