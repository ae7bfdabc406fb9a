// What becomes of work when connections break and processes die.
import { type DemoOptions, readOptions, USAGE, UsageError } from './demo/options.js';
import { brokenPromises } from './demo/promise.js';
import { SCENES } from './demo/scenes.js';
import { Transcript } from './demo/transcript.js';
import { createWorld } from './demo/world.js';

const EXIT_BROKEN = 1;
const EXIT_USAGE = 2;

async function main(options: DemoOptions): Promise<number> {
  const transcript = new Transcript((text) => {
    if (!options.json) process.stdout.write(text);
  });
  const world = await createWorld(options, transcript);
  const servers = world.servers.map(({ name, pid }) => `${name} (process ${pid})`).join(' and ');
  const redis = `redis-server (process ${world.redis.pid})`;
  transcript.note(`client ── round-robin proxy ── ${servers} ── ${redis}`);
  const broken: string[] = [];
  for (const scene of SCENES) {
    for (const figures of await scene(world)) {
      if (options.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
      broken.push(...brokenPromises(figures));
    }
  }
  await world.close();
  for (const promise of broken) console.error(promise);
  if (broken.length === 0) transcript.note('\nAll of it came out as promised.');
  return broken.length === 0 ? 0 : EXIT_BROKEN;
}

// Redis and the servers end with us.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
// Nobody reads any more, as in `demo | head`.
process.stdout.on('error', () => process.exit(141));

let exitCode: number;
try {
  const options = readOptions(process.argv.slice(2));
  if (options.help) process.stdout.write(USAGE);
  exitCode = options.help ? 0 : await main(options);
} catch (error) {
  console.error(error instanceof UsageError ? error.message : error);
  exitCode = error instanceof UsageError ? EXIT_USAGE : EXIT_BROKEN;
}
process.exit(exitCode);
