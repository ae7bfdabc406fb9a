/** A handler that gives on what the client gave it: its answer has the true status, in every runtime. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bun, deno, workerd } from '../../../test/runtimes.js';
import { lateHeads } from './support/late.js';
import { chunk, chunkedHead, END, HELD, RawServer } from './support/raw-server.js';

const RELAY = `
  import { holdFetch } from './index.js';
  const relay = (request) => holdFetch(decodeURIComponent(new URL(request.url).search.slice(1)));
`;
const WORKER = `
  using Workerd = import "/workerd/workerd.capnp";
  const config :Workerd.Config = (
    services = [
      (name = "main", worker = (
        modules = [(name = "worker", esModule = embed "relay.mjs")],
        compatibilityDate = "2024-09-01",
        globalOutbound = "outside",
      )),
      (name = "outside", network = (allow = ["private", "public"])),
    ],
    sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
  );
`;

interface Relay {
  readonly name: string;
  readonly serve: string;
  readonly command: (folder: string) => [path: string, ...args: string[]];
}

const RELAYS: readonly Relay[] = [
  {
    name: 'workerd',
    serve: 'export default { fetch: relay };',
    command: (folder) => [workerd(), 'serve', '--control-fd=1', join(folder, 'relay.capnp')],
  },
  {
    name: 'Deno',
    serve: `
      const onListen = ({ port }) => console.log(JSON.stringify({ port }));
      Deno.serve({ port: 0, hostname: '127.0.0.1', onListen }, relay);
    `,
    command: (folder) => [deno(), 'run', '--allow-all', join(folder, 'relay.mjs')],
  },
  {
    name: 'Bun',
    serve: `
      const { port } = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: relay });
      console.log(JSON.stringify({ port }));
    `,
    command: (folder) => [bun(), 'run', join(folder, 'relay.mjs')],
  },
];

describe.each(RELAYS)('on $name', ({ serve, command }) => {
  let folder: string;
  let child: ChildProcess;
  let port: number;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdopen-'));
    const src = (path: string) => fileURLToPath(new URL(`../src/${path}`, import.meta.url));
    await build({
      stdin: { contents: RELAY + serve, resolveDir: src('') },
      bundle: true,
      format: 'esm',
      platform: 'neutral',
      mainFields: ['module', 'main'],
      alias: { '#transport': src('transport/server.ts') },
      outfile: join(folder, 'relay.mjs'),
    });
    await writeFile(join(folder, 'relay.capnp'), WORKER);
    const [path, ...args] = command(folder);
    child = spawn(path, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    port = await new Promise<number>((resolve, reject) => {
      child.stdout?.on('data', (said: Buffer) => {
        const listening = /"port":(\d+)/.exec(said.toString());
        if (listening !== null) resolve(Number(listening[1]));
      });
      child.on('exit', (code) => reject(new Error(`it ended with ${code}`)));
    });
  });
  afterAll(async () => {
    child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  test.each([
    [404, 'told at once', chunkedHead({ status: 404 }) + chunk('{"a":1}') + END],
    [422, 'told late', chunkedHead(HELD) + chunk(`\n${lateHeads['422']}{"a":1}`) + END],
    [201, 'told late', chunkedHead(HELD) + chunk(`\n${lateHeads['201']}{"a":1}`) + END],
  ])('%i that was %s', async (status, _, answer) => {
    await using upstream = await RawServer.start((socket) => {
      socket.write(answer);
    });
    const response = await fetch(`http://127.0.0.1:${port}/?${encodeURIComponent(upstream.url)}`);
    expect([response.status, await response.json()]).toEqual([status, { a: 1 }]);
    expect(response.headers.has('holdopen')).toBe(false);
  });
});
