// The README's first routes, as somebody would start them who has copied them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { bun, deno } from '../runtimes.js';
import { freePort } from '../support/program.js';
import { until } from '../support/until.js';
import { ROOT } from './packages.js';

/** What a caller sees: the HoldOpen field, and the body as it comes. */
export interface Answer {
  readonly holdOpen: string | null;
  readonly chunks: readonly string[];
}

export interface FirstRoute {
  readonly name: string;
  /** What its line of shell installs. */
  readonly packages: readonly string[];
  /** `node server.mjs`, or what else starts it. */
  readonly command: string;
  readonly code: string;
}

/** Silent for longer than one interval of 8 s; the README's 20 s would show no more. */
const WORK = '9_000';

/** Each of the README's examples, once for each runtime that its shell block names. */
export function firstRoutes(): FirstRoute[] {
  const readme = readFileSync(`${ROOT}README.md`, 'utf8');
  const details = [...readme.matchAll(/<summary><b>(.*?)<\/b>.*?<\/details>/gs)];
  return details.flatMap(([section, name = '']) => {
    const shell = /```sh\n(.*?)```/s.exec(section)?.[1] ?? '';
    const code = /```ts\n(.*?)```/s.exec(section)?.[1] ?? '';
    const packages = /npm install ([^&#\n]*)/.exec(shell)?.[1]?.trim().split(' ') ?? [];
    const commands = shell.match(/(?<=^|&& )(?:node|bun|deno) .*?server\.mjs/gm) ?? [];
    return commands.map((command) => ({ name, packages, command, code }));
  });
}

/**
 * Starts it in the project and, as soon as it listens, calls it as the README does.
 *
 * @returns a way to wait for its answer
 */
export async function startFirstRoute(
  project: string,
  route: FirstRoute,
): Promise<() => Promise<Answer>> {
  const port = await freePort();
  const folder = join(project, `first-${port}`);
  mkdirSync(folder);
  const atPort = (text: string) => text.replaceAll('3000', String(port));
  writeFileSync(join(folder, 'server.mjs'), atPort(route.code).replace('20_000', WORK));
  const [runtime = '', ...args] = atPort(route.command).split(' ');
  const binary = { node: () => process.execPath, bun, deno }[runtime];
  if (binary === undefined) throw new Error(`the README starts a server with ${runtime}`);
  const env = { ...process.env, PORT: String(port) };
  const server = spawn(binary(), args, { cwd: folder, env, stdio: 'ignore' });
  try {
    await until('the server listens', () => server.exitCode !== null || isOpen(port), 20_000);
  } catch (error) {
    server.kill();
    throw error;
  }
  const answer = call(`http://127.0.0.1:${port}/report`).finally(() => server.kill());
  // It is told to whoever waits for it.
  answer.catch(() => {});
  return () => answer;
}

async function call(url: string): Promise<Answer> {
  const response = await fetch(url, { method: 'POST' });
  const chunks: string[] = [];
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) chunks.push(decoder.decode(chunk));
  return { holdOpen: response.headers.get('HoldOpen'), chunks };
}

function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  return once(socket, 'connect').then(
    () => {
      socket.destroy();
      return true;
    },
    () => false,
  );
}
