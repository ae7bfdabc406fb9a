// `npm run time-outs`: writes the tables of time-outs in the pages from the doctor's data file, so
// that what the pages say and what the doctor says cannot differ.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { root, say } from './run.mjs';

/**
 * @typedef {{ name: string, where: string, kind: 'idle' | 'first-byte' | 'total', ms: number,
 *   setting?: string, note?: string, source: string | null }} TimeOut
 */

/** @type {TimeOut[]} */
const known = JSON.parse(readFileSync(`${root}packages/cli/src/doctor/time-outs.json`, 'utf8'));

const NOTHING = 'nothing';

/**
 * What a reader of the README may stand behind: who, the entries, of which kind of it, what to set.
 *
 * @type {[who: string, entries: (string | [name: string, which: string])[], set: string][]}
 */
const COMMON = [
  [
    'nginx, nginx ingress',
    ['nginx', 'nginx ingress'],
    `${NOTHING}; [your own event streams](docs/operations.md#proxies) need one header`,
  ],
  ['HAProxy', ['HAProxy, sample configurations'], NOTHING],
  ['AWS ALB', ['AWS ALB'], NOTHING],
  [
    'AWS API Gateway, buffered',
    ['AWS API Gateway, buffered'],
    '`responseTransferMode: STREAM`, or [runs](docs/runs.md)',
  ],
  [
    'AWS API Gateway, streaming',
    [
      ['AWS API Gateway, streaming, edge', 'edge'],
      ['AWS API Gateway, streaming, regional', 'regional'],
      'AWS API Gateway, streaming',
    ],
    'runs for what takes longer',
  ],
  ['Cloudflare', ['Cloudflare'], NOTHING],
  [
    'Google Cloud load balancer',
    ['Google Cloud load balancer'],
    '`timeoutSec` of the backend service',
  ],
  ['Google Cloud Run', ['Google Cloud Run'], '`timeout`, or runs'],
  ['Azure Load Balancer, Container Apps', ['Azure Load Balancer', 'Azure Container Apps'], NOTHING],
  ['Azure App Service', ['Azure App Service'], `${NOTHING} that we know of`],
  ['Heroku', ['Heroku, first byte', 'Heroku'], NOTHING],
  ['Railway', ['Railway'], 'runs for what takes longer'],
  ['Fly.io', ['Fly.io'], NOTHING],
  ['Vercel Edge', ['Vercel Edge, first byte', 'Vercel Edge'], 'runs for what takes longer'],
  ['Netlify functions', ['Netlify functions'], 'runs, on a server that lives longer'],
  ['Envoy', ['Envoy', 'Envoy, a route'], '`timeout: 0s` of the route'],
  ['`Bun.serve`', ['Bun.serve'], '[hand the server on](packages/fetch)'],
  ['callers: `fetch` of Node', ['undici, fetch of Node'], NOTHING],
  ['callers: OkHttp', ['OkHttp'], NOTHING],
  ['callers: httpx', ['httpx'], '`intervalMs: 4_000`, or its `timeout`'],
];

/** @type {Readonly<Record<string, () => string>>} */
const TABLES = { 'README.md': commonTable, 'docs/operations.md': wholeTable };

function commonTable() {
  const rows = COMMON.map(([who, entries, set]) => {
    const chosen = entries.flatMap((entry) => {
      const [name, which] = typeof entry === 'string' ? [entry, undefined] : entry;
      return entriesOf(name).map((timeOut) => ({ ...timeOut, which }));
    });
    /** @param {TimeOut['kind'][]} kinds */
    const cell = (...kinds) => {
      const words = chosen
        .filter(({ kind }) => kinds.includes(kind))
        .map(({ kind, ms, which, source }) => {
          const after = kind === 'first-byte' ? ' to the first byte' : '';
          return `${seconds(ms)}${after}${which ? ` (${which})` : ''}${source === null ? ' \\*' : ''}`;
        });
      return [...new Set(words)].join(
        kinds.length > 1 && words[0]?.includes('first') ? ', then ' : ', ',
      );
    };
    return [who, cell('first-byte', 'idle'), cell('total'), set];
  });
  return table(['', 'gives up after silence of', 'and in any case after', 'what to set'], rows);
}

function wholeTable() {
  const rows = known.map(({ name, where, kind, ms, setting, note, source }) => [
    name,
    where,
    kind === 'first-byte' ? 'until the first byte' : kind,
    seconds(ms),
    [setting?.includes(' ') === false ? `\`${setting}\`` : setting, note]
      .filter(Boolean)
      .join('; '),
    source === null ? '' : `[source](${source})`,
  ]);
  return table(['', '', 'kind', 'after', 'what changes it', ''], rows);
}

/** @param {string} name */
function entriesOf(name) {
  const entries = known.filter((timeOut) => timeOut.name === name);
  if (entries.length === 0) throw new Error(`time-outs.json has no ${name}`);
  return entries;
}

/** @param {number} ms */
function seconds(ms) {
  return `${(ms / 1000).toLocaleString('en')} s`;
}

/** @param {string[]} head @param {string[][]} rows */
function table(head, rows) {
  return [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

/**
 * Each page with its table as it should be.
 *
 * @returns {{ page: string, text: string, wanted: string }[]}
 */
export function pagesWithTimeOuts() {
  return Object.entries(TABLES).map(([page, write]) => {
    const text = readFileSync(root + page, 'utf8');
    const mark = /(<!-- npm run time-outs -->\n)[\s\S]*?(<!-- end -->)/;
    if (!mark.test(text)) throw new Error(`${page} has no place for its table of time-outs`);
    return {
      page,
      text,
      wanted: text.replace(mark, (_all, start, end) => `${start}${write()}\n${end}`),
    };
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { page, wanted } of pagesWithTimeOuts()) {
    writeFileSync(root + page, wanted);
    say(page);
  }
}
