import { fileURLToPath } from 'node:url';
import type { Express } from 'express';
import type { ExpressModule, ExpressVersion, Question } from '../support/index.js';

/** What the apps are made with. */
export interface Kit {
  readonly express: ExpressModule;
  /** The same path, as Express 5 and as Express 4 spell it. */
  path(five: string, four: string): string;
}

/** A small app as the documentation of Express shows it, and what its clients ask. */
export interface DocumentedApp {
  readonly title: string;
  /** Express looks at some settings only once, at the first `use`. */
  settings?(app: Express): void;
  build(app: Express, kit: Kit): void;
  readonly requests: readonly Question[];
}

export const FILES = fileURLToPath(new URL('../files', import.meta.url));

export function createKit({ express, major }: ExpressVersion): Kit {
  return { express, path: (five, four) => (major === 5 ? five : four) };
}

export function get(path: string, headers: Readonly<Record<string, string>> = {}): Question {
  return { path, headers };
}

export function send(method: string, path: string, type?: string, body?: string): Question {
  return {
    method,
    path,
    headers: type === undefined ? {} : { 'Content-Type': type },
    ...(body === undefined ? {} : { body }),
  };
}
