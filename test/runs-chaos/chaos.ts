// Many keyed runs over two servers and a Redis while everything breaks, and an auditor who looks from
// outside. `node --import tsx test/runs-chaos/chaos.ts --seed 1 --runs 500`
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createFaultyPath, type FaultyPath } from '@holdopen/faulty-path';
import { RedisServer } from '../../packages/redis/test/support/server.js';
import { audit, type Verdict } from './audit.js';
import { chanceOf } from './chance.js';
import { Client, PATIENCE_MS } from './client.js';
import { type Fault, faultsOf } from './faults.js';
import { planOf } from './plan.js';
import { bundleServer, removeBundle, ServerProcess } from './process.js';
import type { History, LastState, Outage, Start } from './story.js';
import { LOST_WITHIN_MS } from './times.js';

/** So many keys come in a second. */
const KEYS_PER_SECOND = 12;
/** Between two times without the store. */
const STORE_REST_MS = 2_000;

interface Figures {
  readonly seed: number;
  readonly runs: number;
  readonly clients: number;
  readonly completed: number;
  readonly lostWithKilledOwners: number;
  readonly lostOtherwise: number;
  readonly ofThemNeverStarted: number;
  readonly starts: number;
  /** Claimed by a request that was answered 503, given back, and claimed once more. */
  readonly claimedAnew: number;
  readonly requests: number;
  readonly retries: number;
  /** Of them with a cursor. */
  readonly resumptions: number;
  readonly answersNotNow: number;
  readonly eventsRead: number;
  readonly cutsByClients: number;
  readonly connectionsCutByProxies: number;
  readonly redisLinksCut: number;
  readonly serversKilled: number;
  readonly redisKilled: number;
  readonly longestStoreOutageMs: number;
  readonly duplicates: number;
  readonly gaps: number;
  readonly cursorLost: number;
  readonly slowestLostMs: number;
  readonly slowestLostWithStoreMs: number;
  readonly lostWithinMs: number;
  readonly violations: number;
  readonly durationMs: number;
}

interface Report {
  readonly figures: Figures;
  readonly verdict: Verdict;
  readonly history: History;
  readonly serverErrors: string;
}

/** Runs it once, with a Redis with these options. Rejects only if it could not be run. */
async function runChaos(seed: number, runs: number, redis: readonly string[]): Promise<Report> {
  const chaos = new Chaos(seed, runs, redis);
  try {
    return await chaos.run();
  } finally {
    await chaos.stop();
  }
}

class Chaos {
  readonly #seed: number;
  readonly #runs: number;
  readonly #redisOptions: readonly string[];
  readonly #folder = mkdtempSync(join(tmpdir(), 'holdopen-chaos-'));
  readonly #counter = join(this.#folder, 'starts');
  readonly #servers: ServerProcess[] = [];
  /** From each server to Redis. */
  readonly #links: FaultyPath[] = [];
  readonly #clients: Client[] = [];
  readonly #outages: Outage[] = [];
  readonly #begunAt = Date.now();
  #redis: RedisServer | undefined;
  #storeFaults: Promise<void> = Promise.resolve();
  #connectionsCut = 0;
  #linksCut = 0;
  #redisKilled = 0;

  constructor(seed: number, runs: number, redisOptions: readonly string[]) {
    this.#seed = seed;
    this.#runs = runs;
    this.#redisOptions = redisOptions;
  }

  async run(): Promise<Report> {
    await this.#setUp();
    const arrivalsMs = (this.#runs / KEYS_PER_SECOND) * 1_000;
    const faults = this.#break(faultsOf(this.#seed, arrivalsMs + 2_000));
    await Promise.all([this.#arrive(arrivalsMs), faults]);
    const { lastStates, stillRunning } = await this.#inTheEnd();
    const history: History = {
      starts: this.#starts(),
      kills: this.#servers.flatMap(({ kills }) => kills),
      outages: this.#outages,
      clients: this.#clients.map(({ story }) => story),
      lastStates,
      stillRunning,
      crashes: this.#servers.flatMap(({ crashes }) => crashes),
    };
    const verdict = audit(history);
    const figures = this.#figures(history, verdict);
    const serverErrors = this.#servers.map(({ errors }) => errors).join('\n');
    return { figures, verdict, history, serverErrors };
  }

  async stop(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.stop()));
    await Promise.all(this.#links.map((link) => link.close()));
    await this.#storeFaults.catch(() => {});
    await this.#redis?.stop();
    rmSync(this.#folder, { recursive: true, force: true });
    removeBundle();
  }

  async #setUp(): Promise<void> {
    const [redis, bundle] = await Promise.all([
      RedisServer.start(...this.#redisOptions),
      bundleServer(),
    ]);
    this.#redis = redis;
    for (let i = 0; i < 2; i += 1) {
      const link = await createFaultyPath({ target: () => redis.port });
      this.#links.push(link);
      const server = new ServerProcess(bundle, {
        CHAOS_REDIS: `redis://127.0.0.1:${link.port}`,
        CHAOS_COUNTER: this.#counter,
      });
      this.#servers.push(server);
      await server.start();
    }
  }

  /** Clients come, some of them with the same key as others, and live until they have an end. */
  async #arrive(durationMs: number): Promise<void> {
    const living: Promise<void>[] = [];
    const chance = chanceOf('arrivals', this.#seed);
    for (let i = 1; i <= this.#runs; i += 1) {
      const key = `s${this.#seed}-${String(i).padStart(4, '0')}`;
      const inMs = chance.next() * durationMs;
      const others = chance.percent(30) ? chance.from(1, 2) : 0;
      for (let j = 0; j <= others; j += 1) {
        // At once, or while it goes on, or afterwards.
        const laterMs = j === 0 || chance.percent(40) ? 0 : chance.from(0, 3_000);
        living.push(this.#visit(key, `client ${j + 1}`, inMs + laterMs));
      }
    }
    await Promise.all(living);
  }

  async #visit(key: string, name: string, inMs: number, maxCuts = 5): Promise<void> {
    await sleep(inMs);
    const client = new Client({
      key,
      name,
      kind: planOf(key).kind,
      doors: this.#servers,
      chance: chanceOf('client', this.#seed, key, name),
      maxCuts,
      patienceMs: PATIENCE_MS,
    });
    this.#clients.push(client);
    await client.live();
  }

  async #break(faults: readonly Fault[]): Promise<void> {
    const begun = Date.now();
    const healing: Promise<void>[] = [];
    for (const fault of faults) {
      await sleep(Math.max(0, begun + fault.atMs - Date.now()));
      healing.push(this.#strike(fault));
    }
    await Promise.all(healing);
  }

  async #strike(fault: Fault): Promise<void> {
    if (fault.does === 'kill redis' || fault.does === 'swallow') {
      // One after the other, with a rest between: owners must be able to renew their leases.
      this.#storeFaults = this.#storeFaults
        .then(() =>
          fault.does === 'swallow' ? this.#breakLink(fault) : this.#killRedis(fault.forMs),
        )
        .then(() => sleep(STORE_REST_MS));
      return this.#storeFaults;
    }
    const server = this.#servers[fault.server];
    if (server === undefined) return;
    if (fault.does === 'cut') this.#connectionsCut += server.cut();
    else if (fault.does === 'cut link') await this.#breakLink(fault);
    else if (server.pid !== 0) {
      await server.kill();
      await sleep(fault.forMs);
      await server.start();
    }
  }

  /** What comes back is lost, if it is to be for some time; then all connections break. */
  async #breakLink({ server, forMs }: { server: number; forMs: number }): Promise<void> {
    const link = this.#links[server];
    if (link === undefined) return;
    const from = Date.now();
    if (forMs > 0) link.blackHole('response');
    await sleep(forMs);
    link.resume();
    this.#linksCut += link.killAll();
    // A link that is only cut is there again at once.
    if (forMs > 0) this.#outages.push({ from, to: Date.now() });
  }

  async #killRedis(forMs: number): Promise<void> {
    const from = Date.now();
    await this.#redis?.kill();
    this.#redisKilled += 1;
    await sleep(forMs);
    await this.#redis?.restart();
    this.#outages.push({ from, to: Date.now() });
  }

  /** All is well again: what is there is read once more, by somebody who comes late. */
  async #inTheEnd(): Promise<Pick<History, 'lastStates' | 'stillRunning'>> {
    const keys = [...new Set(this.#clients.map(({ story }) => story.key))];
    for (let at = 0; at < keys.length; at += 20) {
      const some = keys.slice(at, at + 20);
      await Promise.all(some.map((key) => this.#visit(key, 'last reader', 0, 0)));
    }
    const runs = new Map<string, string>();
    for (const { story, run } of this.#clients) if (run !== undefined) runs.set(story.key, run);
    const lastStates: LastState[] = [];
    for (const [key, run] of runs) {
      const { state, attempt } = (await this.#get(`/runs/${run}`)) as LastState;
      lastStates.push({ key, run, state, attempt });
    }
    const { runs: running } = (await this.#get('/runs')) as { runs: { id: string }[] };
    return { lastStates, stillRunning: running.map(({ id }) => id) };
  }

  async #get(path: string): Promise<unknown> {
    const port = this.#servers[0]?.port;
    const headers = { 'x-user': 'somebody' };
    return (await fetch(`http://127.0.0.1:${port}${path}`, { headers })).json();
  }

  #starts(): Start[] {
    const lines = readFileSync(this.#counter, 'utf8').trim().split('\n');
    return lines.map((line) => JSON.parse(line) as Start);
  }

  #figures(history: History, verdict: Verdict): Figures {
    const { clients, outages, kills, starts } = history;
    const all = clients.flatMap(({ happenings }) => happenings);
    const count = (what: string): number => all.filter((one) => one.what === what).length;
    const broken = (...rules: readonly string[]): number =>
      verdict.violations.filter(({ rule }) => rules.includes(rule)).length;
    const wronglyLost = new Set(
      verdict.violations.filter(({ rule }) => rule === 'wrong lost').map(({ key }) => key),
    );
    return {
      seed: this.#seed,
      runs: this.#runs,
      clients: clients.length,
      completed: verdict.completed,
      lostWithKilledOwners: verdict.lost - wronglyLost.size,
      lostOtherwise: wronglyLost.size,
      ofThemNeverStarted: verdict.lostUnstarted,
      starts: starts.length,
      claimedAnew: history.lastStates.filter(({ attempt }) => attempt > 1).length,
      requests: count('sent'),
      retries: count('sent') - clients.length,
      resumptions: all.filter((one) => one.what === 'sent' && one.cursor !== undefined).length,
      answersNotNow: all.filter((one) => one.what === 'told' && one.status === 503).length,
      eventsRead: count('event'),
      cutsByClients: this.#clients.reduce((sum, { cuts }) => sum + cuts, 0),
      connectionsCutByProxies: this.#connectionsCut,
      redisLinksCut: this.#linksCut,
      serversKilled: kills.length,
      redisKilled: this.#redisKilled,
      longestStoreOutageMs: Math.max(0, ...outages.map(({ from, to }) => to - from)),
      duplicates: broken('duplicate start', 'repeated offset'),
      gaps: broken('gap'),
      cursorLost: verdict.cursorLost,
      slowestLostMs: verdict.slowestLostMs,
      slowestLostWithStoreMs: verdict.slowestLostWithStoreMs,
      lostWithinMs: LOST_WITHIN_MS,
      violations: verdict.violations.length,
      durationMs: Date.now() - this.#begunAt,
    };
  }
}

/** What was violated, and all that is known of the first keys of it. */
function tell({ figures, verdict, history, serverErrors }: Report): string {
  const lines = Object.entries(figures).map(([name, value]) => `${name.padEnd(26)}${value}`);
  if (verdict.violations.length === 0) return lines.join('\n');
  lines.push('', `VIOLATED with --seed ${figures.seed} --runs ${figures.runs}:`);
  for (const { key, rule, detail } of verdict.violations.slice(0, 40)) {
    lines.push(`- ${rule}${key === undefined ? '' : ` (${key})`}: ${detail}`);
  }
  const keys = [...new Set(verdict.violations.map(({ key }) => key))];
  for (const key of keys.filter((one) => one !== undefined).slice(0, 3)) {
    lines.push('', storyOf(key, history));
  }
  lines.push('', 'servers said:', serverErrors.slice(-4_000));
  return lines.join('\n');
}

function storyOf(key: string, { starts, kills, outages, clients, lastStates }: History): string {
  const own = clients.filter((client) => client.key === key);
  const told: (readonly [at: number, line: string])[] = [
    ...starts
      .filter((start) => start.key === key)
      .map(({ at, ...start }) => [at, `handler began ${JSON.stringify(start)}`] as const),
    ...own.flatMap(({ name, happenings }) =>
      happenings.map(({ at, ...one }) => [at, `${name} ${short(one)}`] as const),
    ),
  ];
  const first = Math.min(...told.map(([at]) => at));
  const last = Math.max(...told.map(([at]) => at));
  for (const { at, pid } of kills) told.push([at, `server ${pid} was killed`]);
  for (const { from, to } of outages) told.push([from, `the store was away for ${to - from} ms`]);
  const lines = told
    .filter(([at]) => at >= first - 1_000 && at <= last)
    .sort(([a], [b]) => a - b)
    .map(([at, line]) => `  ${String(at - first).padStart(7)} ms  ${line}`);
  const state = lastStates.find((one) => one.key === key);
  return [`The story of ${key}, in the end ${JSON.stringify(state)}:`, ...lines].join('\n');
}

function short(happening: object): string {
  return Object.entries(happening)
    .map(([name, value]) => {
      if (name === 'data' || name === 'text') return `${String(value).length} characters`;
      return typeof value === 'object' ? JSON.stringify(value) : String(value);
    })
    .join(' ');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      runs: { type: 'string', default: '500' },
      // A Redis that keeps nothing when it dies, which the auditor must notice.
      forgetful: { type: 'boolean', default: false },
    },
  });
  const durable = ['--appendonly', 'yes', '--appendfsync', 'always'];
  const redis = values.forgetful ? ['--appendonly', 'no'] : durable;
  const report = await runChaos(Number(values.seed), Number(values.runs), redis);
  console.log(tell(report));
  process.exitCode = report.verdict.violations.length > 0 ? 1 : 0;
}
