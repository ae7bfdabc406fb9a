import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, describe } from 'vitest';
import { bun, newestNode } from '../../../test/runtimes.js';
import { keepsItsPromises, type Routes } from './support/promises.js';

const CHILD = fileURLToPath(new URL('./support/child.ts', import.meta.url));
/** Maps the packages to their sources, as vitest does. */
const TSCONFIG = fileURLToPath(new URL('../../../tsconfig.test.json', import.meta.url));

const ON_BUN = () => [bun(), 'run', `--tsconfig-override=${TSCONFIG}`];
const ON_NODE = () => [newestNode(), '--import', 'tsx'];

interface Ports {
  readonly plain: number;
  readonly held: number;
}

/** Starts an application in a runtime of its own; the function gives one of its two servers. */
function inChild(command: () => string[], name: string): Routes['serve'] {
  let ports: Promise<Ports> | undefined;
  const kills: (() => void)[] = [];
  afterAll(() => {
    for (const kill of kills) kill();
  });
  async function start(): Promise<Ports> {
    const [path = '', ...args] = command();
    const env = { ...process.env, TSX_TSCONFIG_PATH: TSCONFIG };
    const child = spawn(path, [...args, CHILD, name], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    // Bun reports every body that fails, which is how a Web body is cut.
    let errors = '';
    child.stderr.on('data', (bytes: Buffer) => {
      errors += bytes.toString();
    });
    kills.push(() => child.kill());
    const [line] = await Promise.race([
      once(createInterface(child.stdout), 'line'),
      once(child, 'exit').then(() =>
        Promise.reject(new Error(`${path} could not start ${name}: ${errors}`)),
      ),
    ]);
    return JSON.parse(String(line)) as Ports;
  }
  return async (held) => {
    ports ??= start();
    const { plain, held: heldPort } = await ports;
    return { port: held ? heldPort : plain, close: () => {} };
  };
}

describe('h3 on Bun', () => {
  keepsItsPromises({
    serve: inChild(ON_BUN, 'h3'),
    lateError: { status: 422, message: 'too late' },
    fast: {
      '/fast': {},
      '/fast?posted': { method: 'POST', body: '{"a":"b"}' },
      '/fast-sync': {},
      '/fast-response': {},
      '/fast-error': {},
      '/nowhere': {},
    },
  });
});

const effect = {
  lateError: { _tag: 'PromptFailed', why: 'too late' },
  fast: {
    '/fast': {},
    '/fast-error': {},
    '/session/none/message': { method: 'POST', body: '{"prompt":"slow"}' },
    '/nowhere': {},
  },
};

describe('Effect as a Web handler on Bun', () => {
  keepsItsPromises({ serve: inChild(ON_BUN, 'Effect as a Web handler'), ...effect });
});

// @effect/platform-node asks for Node 22.19 or newer, though it runs on Node 20 as far as is tested.
describe('Effect on NodeHttpServer of the newest Node', () => {
  keepsItsPromises({ serve: inChild(ON_NODE, 'Effect on NodeHttpServer'), ...effect });
});
