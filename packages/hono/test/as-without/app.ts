import { fileURLToPath } from 'node:url';
import type { Hono } from 'hono';
import type { Question } from '../support/index.js';

/** A small app as the documentation of Hono shows it, and what its clients ask. */
export interface DocumentedApp {
  readonly title: string;
  build(app: Hono): void;
  readonly requests: readonly Question[];
  /** It needs @hono/node-server. */
  readonly onlyNode?: boolean;
}

export const FILES = fileURLToPath(new URL('./files', import.meta.url));

export function get(path: string, headers: Readonly<Record<string, string>> = {}): Question {
  return { path, headers };
}

export function send(method: string, path: string, type: string, body: string): Question {
  return { method, path, headers: { 'Content-Type': type }, body };
}

/** One line, for titles and journals. */
export function line({ method = 'GET', path = '/', headers = {}, body }: Question): string {
  const names = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [method, path, ...names, body ?? ''].filter((part) => part !== '').join(' ');
}
