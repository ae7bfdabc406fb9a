// `npm run matrix`: real clients and real proxies against holdopen's adapters, and docs/compatibility.md of it.
import { readFileSync, writeFileSync } from 'node:fs';
import { version as osVersion, platform } from 'node:os';
import { join } from 'node:path';
import { runAdapters } from './adapters/run.js';
import { runClients } from './clients/run.js';
import { blocksOf, type Tables } from './page/blocks.js';
import { fill, lostFrom } from './page/document.js';
import { HELP, type Plan, readPlan } from './plan.js';
import { runHttp2 } from './proxies/http2/run.js';
import { runProxies } from './proxies/run.js';
import { isKept, isOdd } from './table.js';

const DOCUMENT = join(import.meta.dirname, '../../docs/compatibility.md');

const NOTHING: Tables = {
  proxies: { columns: [], rows: [] },
  http2: { columns: [], rows: [] },
  adapters: { columns: [], rows: [] },
  clients: { columns: [], rows: [] },
};

const say = (text: string): void => void process.stderr.write(`${text}\n`);

async function run(plan: Plan): Promise<boolean> {
  // It says now that a place is missing in it, and not when all is done.
  if (plan.writes) written(blocksOf(NOTHING, ''));
  const tables = await ask(plan);
  const made = `Made on ${new Date().toISOString().slice(0, 10)} on ${system()}, with Node ${process.versions.node}.`;
  const blocks = blocksOf(tables, made);
  process.stdout.write(
    plan.asJson
      ? `${JSON.stringify({ made, ...tables }, null, 1)}\n`
      : `${Object.values(blocks)
          .filter((block) => block !== '')
          .join('\n\n')}\n`,
  );
  const all = Object.values(tables);
  if (all.some(isOdd)) say('Something is not as this repository says: see ≠, and mend the words.');
  const lost = plan.writes && !plan.isForced ? lostFrom(readFileSync(DOCUMENT, 'utf8'), all) : [];
  if (lost.length > 0) {
    throw new Error(
      `docs/compatibility.md is left as it is, for its rows of what is not here would go: ${lost.join('; ')}. Install that, or take --force.`,
    );
  }
  if (plan.writes) {
    writeFileSync(DOCUMENT, written(blocks));
    say('written: docs/compatibility.md');
  }
  return all.every(isKept);
}

/** One after the other: how late beats are is measured, and starting clients is work. */
async function ask(plan: Plan): Promise<Tables> {
  const timed = async <Result>(name: string, part: Promise<Result>): Promise<Result> => {
    const startMs = performance.now();
    const result = await part;
    say(`${name}: ${Math.round((performance.now() - startMs) / 1_000)} s`);
    return result;
  };
  return {
    proxies: await timed('proxies', runProxies(plan.proxies, say)),
    http2: await timed('http2', runHttp2(plan.http2, say)),
    adapters: await timed('adapters', runAdapters(plan.adapters, say)),
    clients: await timed('clients', runClients(plan.clients, say)),
  };
}

/** The document with what was made. @throws Error if it has no place for it. */
function written(blocks: Readonly<Record<string, string>>): string {
  return fill(readFileSync(DOCUMENT, 'utf8'), blocks);
}

function system(): string {
  try {
    const name = /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
    if (name !== undefined) return name;
  } catch {
    // Only Linux has it.
  }
  return `${platform()} ${osVersion()}`;
}

process.once('SIGINT', () => process.exit(130)).once('SIGTERM', () => process.exit(143));

try {
  const plan = readPlan(process.argv.slice(2));
  if (plan === undefined) process.stdout.write(HELP);
  else if (!(await run(plan))) {
    say('Not all was as promised: see ✗.');
    process.exitCode = 1;
  }
} catch (error) {
  say(`matrix: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 2;
}
// What a failure has left running would keep us for ever; it is killed as we go.
process.stdout.write('', () => process.exit());
