import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { bundleForWorkers } from './bundle.js';
import type { AppName } from './targets.js';

/** What a Worker that is made now would have. */
const COMPATIBILITY_DATE = '2026-11-01';

/** Gives the path of a configuration that serves the app, with the environment as its bindings. */
export async function configureWorker(
  app: AppName,
  environment: Readonly<Record<string, string>>,
): Promise<string> {
  const bundle = await bundleForWorkers(app);
  const bindings = Object.entries(environment)
    .map(([key, value]) => `(name = ${JSON.stringify(key)}, text = ${JSON.stringify(value)})`)
    .join(', ');
  const config = `${bundle}${Object.values(environment).join('')}.capnp`;
  writeFileSync(
    config,
    `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "main", worker = .main)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);

const main :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "${basename(bundle)}")],
  compatibilityDate = "${COMPATIBILITY_DATE}",
  compatibilityFlags = ["enable_request_signal"],
  bindings = [${bindings}],
);
`,
  );
  return config;
}
