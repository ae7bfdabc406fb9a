// Each app as one file that any runtime takes, made of the packages' sources: nothing has to be built
// first, and no stale build can hide a fault.
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build } from 'esbuild';
import type { AppName } from './targets.js';

const packages = fileURLToPath(new URL('../../packages/', import.meta.url));
/** From there the frameworks of this folder are found. One for each run, for two may go on at once. */
const folder: string = fileURLToPath(
  new URL(`../node_modules/.cache/conformance-${process.pid}/`, import.meta.url),
);

export function removeBundles(): void {
  rmSync(folder, { recursive: true, force: true });
}

/** They stay as they are installed. */
const FRAMEWORKS = [
  'express',
  'fastify',
  'hono',
  '@hono/node-server',
  'compression',
  'cors',
  'express-session',
  '@fastify/compress',
  '@fastify/cookie',
  '@fastify/cors',
  '@fastify/session',
];

const made = new Map<string, Promise<string>>();

/** Gives the path of the bundle for runtimes that have servers. */
export function bundleForServers(app: AppName): Promise<string> {
  return once(
    `${app}.mjs`,
    `import { app } from './apps/${app}.js';
     import { serve } from './serve.js';
     await serve(app);`,
    {
      platform: 'node',
      external: FRAMEWORKS,
      alias: { '#below': `${packages}hono/src/below-node.ts` },
      banner: {
        js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
      },
    },
  );
}

/** For Workers, which have no packages at run time: everything is in the one file. */
export function bundleForWorkers(app: AppName): Promise<string> {
  return once(
    `${app}-worker.mjs`,
    `import { app } from './apps/${app}.js';
     import { createWorker } from './worker.js';
     export default await createWorker(app);`,
    {
      platform: 'neutral',
      external: ['node:*'],
      conditions: ['workerd', 'worker', 'import'],
      alias: { '#below': `${packages}hono/src/below-workers.ts` },
    },
  );
}

/** A process must not read what is being written for another. */
function once(name: string, contents: string, options: BuildOptions): Promise<string> {
  const present = made.get(name) ?? bundle(join(folder, name), contents, options);
  made.set(name, present);
  return present;
}

async function bundle(outfile: string, contents: string, options: BuildOptions): Promise<string> {
  mkdirSync(folder, { recursive: true });
  await build({
    stdin: { contents, resolveDir: import.meta.dirname, loader: 'ts' },
    bundle: true,
    format: 'esm',
    target: 'es2023',
    sourcemap: 'inline',
    logLevel: 'silent',
    mainFields: ['module', 'main'],
    outfile,
    ...options,
    alias: {
      ...Object.fromEntries(
        readdirSync(packages).map((name) => [
          `@holdopen/${name}`,
          `${packages}${name}/src/index.ts`,
        ]),
      ),
      ...options.alias,
    },
  });
  return outfile;
}
