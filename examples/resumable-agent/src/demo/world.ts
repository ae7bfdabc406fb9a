import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startProxy } from '../proxy.js';
import type { DemoOptions } from './options.js';
import { AgentProcess, type RedisProcess, startRedis, temporaryFolder } from './processes.js';
import type { Transcript } from './transcript.js';

/** Two servers with one Redis, and the proxy before them. */
export interface World {
  readonly options: DemoOptions;
  readonly transcript: Transcript;
  readonly redis: RedisProcess;
  readonly servers: readonly AgentProcess[];
  readonly url: string;
  /** All connections of clients break. */
  cut(): void;
  /** How often work was started, by anybody. */
  starts(): Promise<number>;
  /** Which server gave an answer. */
  serverOf(response: Response): AgentProcess;
  close(): Promise<void>;
}

/** @throws UsageError if there is no redis-server on this machine */
export async function createWorld(options: DemoOptions, transcript: Transcript): Promise<World> {
  const folder = temporaryFolder();
  const log = join(folder, 'work.log');
  await writeFile(log, '');
  const redis = await startRedis(folder);
  const env = {
    REDIS_URL: redis.url,
    RUNS_SECRET: 'a secret of the demo, the same in both processes',
    LEASE_MS: `${options.leaseMs}`,
    GRACE_MS: `${options.graceMs}`,
    TOKEN_MS: `${options.tokenMs}`,
    TOOL_MS: `${options.toolMs}`,
    WORK_LOG: log,
  };
  const servers = await Promise.all(['A', 'B'].map((name) => AgentProcess.start(name, env)));
  const proxy = await startProxy(servers.map(({ port }) => port));
  return {
    options,
    transcript,
    redis,
    servers,
    url: `http://127.0.0.1:${proxy.port}`,
    cut: () => proxy.cut(),
    starts: async () => (await readFile(log, 'utf8')).split('\n').length - 1,
    serverOf: (response) => {
      const port = Number(response.headers.get('served-by'));
      const server = servers.find((one) => one.port === port);
      if (server === undefined) throw new Error(`answered by nobody: ${response.status}`);
      return server;
    },
    close: () => proxy.close(),
  };
}
