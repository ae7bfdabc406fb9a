// What is published, bundled as for Workers, on a compatibility date from before Node's modules were
// there without asking.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { workerd } from './runtimes.js';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const APP = `
  import { Hono } from 'hono';
  import { getHold, holdOpen } from '@holdopen/hono';
  const app = new Hono();
  app.post('/runs', async (c) => {
    while (getHold(c).state === 'waiting') await new Promise((done) => setTimeout(done, 5));
    return c.json({ state: getHold(c).state }, 201);
  });
  export default holdOpen(app, { firstBeatMs: 20, intervalMs: 60 });
`;
const CONFIG = `
  using Workerd = import "/workerd/workerd.capnp";
  const config :Workerd.Config = (
    services = [(name = "main", worker = (
      modules = [(name = "worker", esModule = embed "worker.mjs")],
      compatibilityDate = "2024-09-01",
    ))],
    sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
  );
`;

let folder: string;
let child: ChildProcess | undefined;

beforeAll(async () => {
  const tsc = [join(ROOT, 'node_modules/typescript/bin/tsc'), '-b', 'packages/hono'];
  execFileSync(process.execPath, tsc, { cwd: ROOT });
  folder = mkdtempSync(join(import.meta.dirname, 'node_modules', '.workers-'));
  await build({
    stdin: { contents: APP, resolveDir: import.meta.dirname },
    bundle: true,
    format: 'esm',
    platform: 'browser',
    conditions: ['workerd', 'worker', 'browser'],
    outfile: join(folder, 'worker.mjs'),
    logLevel: 'silent',
  });
  writeFileSync(join(folder, 'worker.capnp'), CONFIG);
});

afterAll(() => {
  child?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

test("@holdopen/hono wraps an app on Workers without Node's modules", async () => {
  const args = ['serve', '--control-fd=1', join(folder, 'worker.capnp')];
  child = spawn(workerd(), args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise<number>((resolve, reject) => {
    child?.stdout?.on('data', (said: Buffer) => {
      const listening = /"socket":"http","port":(\d+)/.exec(said.toString());
      if (listening !== null) resolve(Number(listening[1]));
    });
    child?.on('exit', (code) => reject(new Error(`workerd ended with ${code}`)));
  });
  const response = await fetch(`http://127.0.0.1:${port}/runs`, {
    method: 'POST',
    headers: { Accept: 'application/json' },
  });
  expect(response.headers.get('holdopen')).toBe('interval=60, format=json');
  expect(await response.json()).toEqual({ state: 'held' });
});
