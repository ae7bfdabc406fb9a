// The columns of the table: an adapter on a runtime, spoken to in a version of HTTP.
import type { Protocol } from './client/exchange.js';

export type AppName = 'node' | 'express' | 'fastify' | 'hono' | 'fetch';
/** `Node` is the one that the tests run on: the oldest that is supported. */
export type Runtime = 'Node' | 'newest Node' | 'Bun' | 'Deno' | 'workerd';

export interface Target {
  readonly app: AppName;
  readonly runtime: Runtime;
  readonly protocol: Protocol;
}

/** One child process serves a program's rows in all of its protocols. */
export interface Program {
  readonly app: AppName;
  readonly runtime: Runtime;
  readonly protocols: readonly Protocol[];
}

const ONE: readonly Protocol[] = ['HTTP/1.1', 'HTTP/1.0'];
const BOTH: readonly Protocol[] = [...ONE, 'HTTP/2'];

const ALL: readonly Program[] = [
  { app: 'node', runtime: 'Node', protocols: BOTH },
  { app: 'node', runtime: 'newest Node', protocols: BOTH },
  { app: 'node', runtime: 'Bun', protocols: BOTH },
  { app: 'node', runtime: 'Deno', protocols: BOTH },
  { app: 'express', runtime: 'Node', protocols: ONE },
  { app: 'express', runtime: 'newest Node', protocols: ONE },
  { app: 'express', runtime: 'Bun', protocols: ONE },
  { app: 'express', runtime: 'Deno', protocols: ONE },
  { app: 'fastify', runtime: 'Node', protocols: BOTH },
  { app: 'fastify', runtime: 'newest Node', protocols: BOTH },
  { app: 'fastify', runtime: 'Bun', protocols: ONE },
  { app: 'fastify', runtime: 'Deno', protocols: ONE },
  { app: 'hono', runtime: 'Node', protocols: BOTH },
  { app: 'hono', runtime: 'newest Node', protocols: BOTH },
  { app: 'hono', runtime: 'Bun', protocols: ONE },
  { app: 'hono', runtime: 'Deno', protocols: BOTH },
  { app: 'hono', runtime: 'workerd', protocols: ONE },
  { app: 'fetch', runtime: 'Node', protocols: BOTH },
  { app: 'fetch', runtime: 'newest Node', protocols: BOTH },
  { app: 'fetch', runtime: 'Bun', protocols: ONE },
  { app: 'fetch', runtime: 'Deno', protocols: BOTH },
  { app: 'fetch', runtime: 'workerd', protocols: ONE },
];

/** `CONFORMANCE=node,express/Bun` runs these programs alone. */
const asked = (process.env.CONFORMANCE ?? '').split(',').filter((name) => name !== '');

export const areAllPrograms = asked.length === 0;

export const PROGRAMS: readonly Program[] = areAllPrograms
  ? ALL
  : ALL.filter(({ app, runtime }) =>
      asked.some((name) => name === app || name === `${app}/${runtime}`),
    );
