import { getRequestListener } from '@hono/node-server';
import { bun, deno } from '../../../test/runtimes.js';
import { HIDES_CUTS, type Known } from '../probe/weigh.js';
import { here, installedVersion, versionOf } from '../programs.js';
import { GATHERS } from '../proxies/nginx.js';
import { startSidecar } from '../proxies/sidecar.js';
import { expressApp } from '../server/apps/express.js';
import { fastifyApp } from '../server/apps/fastify.js';
import { fetchApp } from '../server/apps/fetch.js';
import { honoApp } from '../server/apps/hono.js';
import { nodeApp } from '../server/apps/node.js';
import { type Backend, startBackend } from '../server/backend.js';
import { startChild } from '../server/child.js';

/** One adapter in the framework or runtime that it is for. */
export interface AdapterKind {
  readonly name: string;
  /** @throws NotOnThisMachine */
  version(): Promise<string>;
  start(): Promise<Backend>;
  /** What nginx is known to do to its answers. */
  readonly known: Known;
}

/** A fetch handler has no socket to reset, which over HTTP/1.0 is the only sign of a cut. */
const NO_RESET: Known = { ...GATHERS, ...HIDES_CUTS };

const npm = (name: string) => async (): Promise<string> => installedVersion(name);
const bridge = npm('@hono/node-server');

/** The sidecar has a time-out of its own; nothing that it was asked takes so long. */
const NEVER_MS = 60_000;

/** In the order of the table. */
export const ADAPTERS: readonly AdapterKind[] = [
  {
    name: 'Node http',
    version: async () => process.versions.node,
    start: () => startBackend(nodeApp),
    known: GATHERS,
  },
  {
    name: 'Express',
    version: npm('express'),
    start: () => startBackend(expressApp),
    known: GATHERS,
  },
  {
    name: 'Fastify',
    version: npm('fastify'),
    start: () =>
      startBackend(async (stage) => {
        const app = await fastifyApp(stage);
        return (req, res) => void app.routing(req, res);
      }),
    // It sends the head of a stream with its first piece, so that holdopen's comes before.
    known: {},
  },
  {
    name: 'Hono on Node',
    version: npm('hono'),
    start: () => startBackend((stage) => getRequestListener(honoApp(stage).fetch)),
    known: GATHERS,
  },
  {
    name: 'fetch on @hono/node-server',
    version: bridge,
    start: () => startBackend((stage) => getRequestListener(fetchApp(stage))),
    known: NO_RESET,
  },
  {
    name: 'fetch on Bun',
    version: () => versionOf(here(bun), ['--version']),
    start: () => startChild([here(bun)]),
    // It sends chunks to HTTP/1.0, too, which nginx understands.
    known: GATHERS,
  },
  {
    name: 'fetch on Deno',
    version: () => versionOf(here(deno), ['--version']),
    start: () => startChild([here(deno), 'run', '-A', '--unstable-sloppy-imports']),
    known: NO_RESET,
  },
  {
    name: 'holdopen proxy',
    version: npm('holdopen'),
    start: () => startSidecar(NEVER_MS),
    known: GATHERS,
  },
];

export const ADAPTER_NAMES: readonly string[] = ADAPTERS.map(({ name }) => name);
