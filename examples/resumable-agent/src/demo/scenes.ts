import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { TOKENS } from '../agent.js';
import { AUTH, ask, follow, statusUrl } from '../client.js';
import type { AgentProcess } from './processes.js';
import type { World } from './world.js';

/** What `--json` prints of a scene. */
export interface Figures {
  readonly scene: string;
  readonly outcome: 'completed' | 'lost' | 'failed';
  /** Events that the client got. */
  readonly events: number;
  /** Whether they are the first so many, each once and in order. */
  readonly inOrder: boolean;
  /** How many a whole answer has. */
  readonly of: number;
  /** The servers that they came from, one after the other. */
  readonly from: readonly string[];
  /** How often the work was started. */
  readonly starts: number;
  /** How often it was started under its key until now, as the status of the run says. */
  readonly attempt?: number;
  readonly ms: number;
  /** From when the process of the work was killed until the client was told, and the most it may be. */
  readonly toldAfterMs?: number;
  readonly toldWithinMs?: number;
  /** The exit code of a server that was shut down. */
  readonly exitCode?: number | null;
}

/** What has been seen of a stream when a moment comes. */
interface Seen {
  /** The server whose process does the work. */
  readonly owner: AgentProcess;
  /** The server that the client watches through. */
  readonly watched: AgentProcess;
}

/** What happens after so many more events. */
interface Moment {
  readonly after: number;
  /** Whether the connection breaks by it: what is still on its way there is no reason for the next one. */
  readonly breaks: boolean;
  act(seen: Seen): void;
}

/** Follows a stream to its end while things happen to it. */
async function watch(
  world: World,
  scene: string,
  question: { readonly path: string; readonly key?: string },
  moments: readonly Moment[] = [],
): Promise<Figures> {
  const { path, key = randomUUID() } = question;
  const { transcript } = world;
  const indexes: number[] = [];
  const from: string[] = [];
  let owner: AgentProcess | undefined;
  let watched: AgentProcess | undefined;
  let status: URL | undefined;
  const coming = [...moments];
  let [count, isBroken] = [0, false];
  const startsBefore = await world.starts();
  const begin = performance.now();
  const ending = await follow(
    { url: `${world.url}${path}`, key, prompt: 'Tell me about connections.' },
    {
      connected(response) {
        watched = world.serverOf(response);
        owner ??= watched;
        isBroken = false;
        status ??= statusUrl(response, world.url);
      },
      event(data) {
        if (owner === undefined || watched === undefined) throw new Error('an event from nobody');
        const { index, token }: { index: number; token: string } = JSON.parse(data);
        indexes.push(index);
        if (from.at(-1) !== watched.name) from.push(watched.name);
        transcript.token(watched.name, token);
        count += 1;
        const next = coming[0];
        if (next === undefined || isBroken || count < next.after) return;
        coming.shift();
        [count, isBroken] = [0, next.breaks];
        next.act({ owner, watched });
      },
    },
  );
  const ms = Math.round(performance.now() - begin);
  if (status === undefined) throw new Error('no answer said where its run is');
  const run = (await (await fetch(status, { headers: AUTH })).json()) as { attempt: number };
  return {
    scene,
    outcome: ending.outcome,
    events: indexes.length,
    inOrder: indexes.every((index, at) => index === at),
    of: TOKENS.length,
    from,
    starts: (await world.starts()) - startsBefore,
    attempt: run.attempt,
    ms,
  };
}

function summary({ transcript }: World, figures: Figures): void {
  const { events, of, inOrder, starts, attempt = 1, from } = figures;
  const order = inOrder ? 'each once and in order' : 'NOT each once and in order';
  const again = attempt > 1 ? `, as attempt ${attempt}` : '';
  const by = from.join(', then ');
  transcript.note(
    `   ${events} of ${of} tokens, ${order}, from ${by}; work started ${times(starts)}${again}`,
  );
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

async function documentIsCut(world: World): Promise<Figures[]> {
  const { transcript } = world;
  transcript.scene('POST /messages: the connection breaks while the tool works');
  const from: string[] = [];
  const startsBefore = await world.starts();
  const begin = performance.now();
  const asked = ask(
    { url: `${world.url}/messages`, key: randomUUID(), prompt: 'a table for two' },
    {
      connected: (response) => from.push(world.serverOf(response).name),
      broken: () => transcript.note('   ✂ asked again, with the same key'),
    },
  );
  while ((await world.starts()) === startsBefore) await sleep(10);
  world.cut();
  const answered = await asked;
  const starts = (await world.starts()) - startsBefore;
  const answer = 'answer' in answered ? answered.answer : answered;
  transcript.note(
    `   ${from.join(', ')}  ${JSON.stringify(answer)}; the tool ran ${times(starts)}`,
  );
  const inOrder = JSON.stringify(answer) === '{"booked":"a table for two"}';
  const ms = Math.round(performance.now() - begin);
  const { outcome } = answered;
  return [{ scene: 'document', outcome, events: 1, inOrder, of: 1, from, starts, ms }];
}

function cut(world: World, after: number): Moment {
  const act = (): void => {
    world.transcript.note('   ✂ the connection is cut');
    world.cut();
  };
  return { after, breaks: true, act };
}

async function connectionIsCut(world: World): Promise<Figures[]> {
  world.transcript.scene('POST /stream: the connection breaks');
  const figures = await watch(world, 'cut', { path: '/stream' }, [cut(world, 12)]);
  summary(world, figures);
  return [figures];
}

async function watchingProcessIsKilled(world: World): Promise<Figures[]> {
  world.transcript.scene('The process dies that the client watches through');
  let killed: AgentProcess | undefined;
  const kill: Moment = {
    after: 12,
    breaks: true,
    act({ owner, watched }) {
      world.transcript.note(`   ✝ ${watched.name} is killed; the work is in ${owner.name}`);
      killed = watched;
      void watched.end('SIGKILL');
    },
  };
  const moments = [cut(world, 8), kill];
  const figures = await watch(world, 'watching-process-killed', { path: '/stream' }, moments);
  await killed?.start();
  summary(world, figures);
  return [figures];
}

/** The process of the work dies; then the same is asked for again under the same key. */
async function ownerIsKilled(world: World, path: string, scene: string): Promise<Figures[]> {
  const { transcript } = world;
  const toldWithinMs = world.options.leaseMs + world.options.graceMs;
  const key = randomUUID();
  let killed: AgentProcess | undefined;
  let killedAt = 0;
  const kill: Moment = {
    after: 10,
    breaks: true,
    act({ owner }) {
      transcript.note(`   ✝ ${owner.name} is killed, and its work with it`);
      killed = owner;
      killedAt = performance.now();
      void owner.end('SIGKILL');
    },
  };
  const told = await watch(world, scene, { path, key }, [kill]);
  const toldAfterMs = Math.round(performance.now() - killedAt);
  transcript.note(
    `   ${told.outcome}: said after ${toldAfterMs} ms (lease and grace: ${toldWithinMs} ms)`,
  );
  await killed?.start();
  const again = await watch(world, `${scene}-again`, { path, key });
  if (again.outcome === 'completed') summary(world, again);
  else
    transcript.note(`   the same key again: ${again.outcome}; work started ${times(again.starts)}`);
  return [{ ...told, toldAfterMs, toldWithinMs }, again];
}

async function ownerIsKilledAndTold(world: World): Promise<Figures[]> {
  world.transcript.scene('The process of the work dies: the client is told');
  return ownerIsKilled(world, '/stream', 'owner-killed');
}

async function ownerIsKilledAndRerun(world: World): Promise<Figures[]> {
  world.transcript.scene("POST /drafts, onLost: 'rerun': its key starts lost work again");
  return ownerIsKilled(world, '/drafts', 'rerun');
}

async function ownerIsStopped(world: World): Promise<Figures[]> {
  world.transcript.scene('A deploy: the process of the work gets SIGTERM');
  return stop(
    world,
    'owner-stopped',
    ({ owner }) => owner,
    (end) => [
      // It stays until its work is done.
      { after: 10, breaks: false, act: end },
      cut(world, 10),
    ],
  );
}

async function watchingProcessIsStopped(world: World): Promise<Figures[]> {
  world.transcript.scene('A deploy: the process gets SIGTERM that the client watches through');
  return stop(
    world,
    'watching-process-stopped',
    ({ watched }) => watched,
    (end) => [cut(world, 8), { after: 12, breaks: true, act: end }],
  );
}

async function stop(
  world: World,
  scene: string,
  which: (seen: Seen) => AgentProcess,
  momentsWith: (end: Moment['act']) => Moment[],
): Promise<Figures[]> {
  const { transcript } = world;
  let server: AgentProcess | undefined;
  let ended: Promise<number | null> | undefined;
  const moments = momentsWith((seen) => {
    server = which(seen);
    transcript.note(`   ⏻ ${server.name} is to stop; the work is in ${seen.owner.name}`);
    ended = server.end('SIGTERM');
  });
  const figures = await watch(world, scene, { path: '/stream' }, moments);
  const exitCode = (await ended) ?? null;
  summary(world, figures);
  transcript.note(`   ${server?.name} has ended with exit code ${exitCode}`);
  await server?.start();
  return [{ ...figures, exitCode }];
}

export const SCENES: readonly ((world: World) => Promise<Figures[]>)[] = [
  documentIsCut,
  connectionIsCut,
  watchingProcessIsKilled,
  ownerIsKilledAndTold,
  ownerIsKilledAndRerun,
  ownerIsStopped,
  watchingProcessIsStopped,
];
