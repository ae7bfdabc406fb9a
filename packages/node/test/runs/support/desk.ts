// What a client of runs asks, and what it is told.
import { createRuns, type Runs, type RunsOptions } from '@holdopen/runs';
import { onTestFinished, vi } from 'vitest';
import { ask as askServer, type Question, type Reply } from '../../held/support/ask.js';
import type { Served } from '../../held/support/serve.js';
import { until } from '../../held/support/wait.js';
import { SOON } from './mount.js';

/** As clients make them. */
export const KEY = '8e03978e-40d5-43dd-bc93-6894a57f9324';

export function openRuns(options: Partial<RunsOptions> = {}): Runs {
  const authorize: RunsOptions['authorize'] = (request) => request.headers.get('x-user');
  const runs = createRuns({ authorize, hold: SOON, ...options });
  onTestFinished(() => runs.close());
  return runs;
}

/** One request on a connection of its own. */
export function ask(served: Served, question: Question): Promise<Reply> {
  const { headers = {} } = question;
  // So that the end of an answer without a length and without a body can be seen.
  const last = served.transport === 'HTTP/1.1' ? { ...headers, Connection: 'close' } : headers;
  return askServer(served, { ...question, headers: last });
}

/** Asks for work under a key. */
export const post = (
  headers: Readonly<Record<string, string>> = {},
  body = '{"n":2}',
): Question => ({
  method: 'POST',
  path: '/work',
  body,
  headers: {
    'x-user': 'ann',
    'idempotency-key': KEY,
    'content-type': 'application/json',
    ...headers,
  },
});

/** The same without a key. */
export const plainPost = (headers: Readonly<Record<string, string>> = {}): Question => {
  const { 'idempotency-key': _, ...rest } = post(headers).headers ?? {};
  return { ...post(), headers: rest };
};

export const get = (path: string, headers: Readonly<Record<string, string>> = {}): Question => ({
  path,
  headers: { 'x-user': 'ann', ...headers },
});

/** Where the status of the run is that an answer names. */
export function statusOf({ headers }: Pick<Reply, 'headers'>): string {
  const path = /<([^>]+)>; rel="status"/.exec(headers.link ?? '')?.[1];
  if (path === undefined) throw new Error(`no run is named in ${JSON.stringify(headers)}`);
  return path;
}

/** What a run's status says. */
export async function describeAt(served: Served, path: string): Promise<Record<string, unknown>> {
  return JSON.parse((await ask(served, get(path))).body) as Record<string, unknown>;
}

export async function untilState(served: Served, path: string, state: string): Promise<void> {
  let seen: unknown;
  const look = async (): Promise<boolean> => {
    seen = (await describeAt(served, path)).state;
    return seen === state;
  };
  for (const start = performance.now(); !(await look()); ) {
    if (performance.now() - start > 8_000) throw new Error(`it is ${String(seen)}, not ${state}`);
  }
}

/** The ids of an event stream in their order, and what the events say. */
export function eventsOf(body: string): { readonly ids: string[]; readonly data: string[] } {
  const all = (name: string) =>
    [...body.matchAll(new RegExp(`^${name}: (.*)$`, 'gm'))].map(([, value = '']) => value);
  return { ids: all('id'), data: all('data') };
}

/** What a replay has in common with the answer that it repeats: all but the time and the token. */
export function repeatable({ status, headers, body, ended }: Reply): unknown {
  const { date: _date, 'holdopen-run': token, ...kept } = headers;
  return { status, headers: kept, body, ended, hasToken: token !== undefined };
}

export function gate() {
  let open: () => void = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** Errors that go to the console are kept here instead, until the test is over. */
export function quietConsole() {
  const said = vi.spyOn(console, 'error').mockImplementation(() => {});
  onTestFinished(() => said.mockRestore());
  return said;
}

/** Nobody is connected any more, and the server has heard so. */
export function untilAlone({ connections }: Served): Promise<void> {
  return until('no client is left', () => connections.size === 0);
}
