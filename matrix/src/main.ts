// `npm run matrix`: real clients and real proxies against holdopen's adapters, and docs/compatibility.md of it.
import { readFileSync, writeFileSync } from 'node:fs';
import { version as osVersion, platform } from 'node:os';
import { join } from 'node:path';
import { runClients } from './clients/run.js';
import { blocksOf, type Tables } from './page/blocks.js';
import { fill } from './page/document.js';
import { HELP, type Plan, readPlan } from './plan.js';
import { runProxies } from './proxies/run.js';
import { isKept } from './table.js';

const DOCUMENT = join(import.meta.dirname, '../../docs/compatibility.md');

const say = (text: string): void => void process.stderr.write(`${text}\n`);

async function run(plan: Plan): Promise<boolean> {
  const startMs = performance.now();
  // One after the other: how late beats are is measured, and starting clients is work.
  const proxies = await runProxies(plan.proxies, say);
  const clients = await runClients(plan.clients, say);
  const tables: Tables = { proxies, clients };
  const made = `Made on ${new Date().toISOString().slice(0, 10)} on ${system()}, with Node ${process.versions.node} and holdopen’s Node adapter over HTTP/1.1.`;
  const blocks = blocksOf(tables, made);
  process.stdout.write(
    plan.asJson
      ? `${JSON.stringify({ made, ...tables }, null, 1)}\n`
      : `${Object.values(blocks)
          .filter((block) => block !== '')
          .join('\n\n')}\n`,
  );
  if (plan.writes) {
    writeFileSync(DOCUMENT, fill(readFileSync(DOCUMENT, 'utf8'), blocks));
    say('written: docs/compatibility.md');
  }
  say(`${Math.round((performance.now() - startMs) / 1_000)} s`);
  return isKept(proxies) && isKept(clients);
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
