// The whole example: builds the page, starts a Redis and a server, and starts that again when it ends.
//
//   npx tsx examples/agent-console/src/start.ts
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { startRedis } from './start/children.js';
import { Supervisor } from './start/supervisor.js';

const { PORT = '3000', REDIS_URL } = process.env;

await build({ configFile: fileURLToPath(new URL('../vite.config.ts', import.meta.url)) });

const redisUrl = REDIS_URL ?? (await startRedis())?.url;
if (redisUrl === undefined) {
  console.log('There is no redis-server here: a task will be lost when the server is restarted.');
}
const redis = redisUrl === undefined ? undefined : { REDIS_URL: redisUrl };

const supervisor = new Supervisor({ PORT, ...redis }, console.log);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    supervisor.stop();
    process.exit(signal === 'SIGINT' ? 130 : 0);
  });
}
await supervisor.start();
console.log(`Open http://localhost:${PORT}`);
