// In a process of its own: the app of @holdopen/fetch on Bun or Deno. It ends with its stdin.
import process from 'node:process';
import { fetchApp } from './apps/fetch.js';
import { Stage } from './stage.js';

/** As much of Bun and Deno as is used here. */
interface Runtimes {
  readonly Bun?: {
    serve(options: { port: number; hostname: string; fetch: typeof app }): { port: number };
  };
  readonly Deno?: {
    serve(
      options: { port: number; hostname: string; onListen(address: { port: number }): void },
      handler: typeof app,
    ): unknown;
  };
}

process.stdin.resume().once('end', () => process.exit());

const app = fetchApp(new Stage());
const place = { port: 0, hostname: '127.0.0.1' };
const say = ({ port }: { readonly port: number }): void => console.log(JSON.stringify({ port }));

const { Bun, Deno } = globalThis as unknown as Runtimes;
if (Bun !== undefined) say(Bun.serve({ ...place, fetch: app }));
else if (Deno !== undefined) Deno.serve({ ...place, onListen: say }, app);
else throw new Error('this is for Bun and Deno: Node serves the app in the process of the matrix');
