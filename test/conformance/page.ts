// docs/conformance.md: the table for people.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { exceptionOf, faultOf } from './exceptions.js';
import { versionOf } from './program.js';
import type { Row } from './row.js';
import { GROUPS } from './table.js';
import { PROGRAMS, type Program, type Runtime } from './targets.js';

export const PAGE = fileURLToPath(new URL('../../docs/conformance.md', import.meta.url));

const FRAMEWORKS = ['express', 'fastify', 'hono', '@hono/node-server'];

/** Without its versions, which change by themselves and make no page stale. */
export function withoutVersions(page: string): string {
  return page.replace(/^Made with .*$/m, '');
}

export function renderPage(): string {
  const reasons = new Reasons();
  const tables = GROUPS.map(
    ({ title, rows }) => `## ${title}\n\n${renderTable(rows, reasons)}`,
  ).join('\n\n');
  const rows = GROUPS.reduce((count, group) => count + group.rows.length, 0);
  const targets = PROGRAMS.reduce((count, { protocols }) => count + protocols.length, 0);
  return `# Conformance

<!-- Made by "npm run conformance", which runs all of it and writes this page if all of it passes. -->

One table of ${rows} behaviours, run by one runner over every adapter, runtime and version of HTTP: ${targets} combinations on real sockets. The rows stand in [\`test/conformance/rows\`](../test/conformance/rows); each is a small script that every app plays in its framework’s own idiom, and a check of what then stands on the wire.

Made with ${versions().join(', ')}.

${columns()}

✓: it holds, in each version of HTTP that the column speaks. A number: it does not apply, for the reason of that number below; ✓ with a number: that goes for one version of HTTP alone. ✗: a fault that is known.

${tables}

## Reasons

${reasons.render()}
`;
}

function columns(): string {
  const lines = PROGRAMS.map(({ app, runtime, protocols }) => {
    const name = runtime === 'newest Node' ? 'the newest Node' : runtime;
    return `| ${shortName({ app, runtime })} | @holdopen/${app} | ${name}${serverOf(app, runtime)} | ${protocols.map((one) => one.slice(5)).join(', ')} |`;
  });
  return ['| column | adapter | runtime | HTTP |', '|---|---|---|---|', ...lines].join('\n');
}

function serverOf(app: Program['app'], runtime: Runtime): string {
  if (app !== 'fetch' && app !== 'hono') return '';
  if (runtime.endsWith('Node')) return ', by @hono/node-server';
  return runtime === 'workerd' ? '' : `, by ${runtime}.serve`;
}

const SHORT: Readonly<Record<Runtime, string>> = {
  Node: 'Node',
  'newest Node': 'Node+',
  Bun: 'Bun',
  Deno: 'Deno',
  workerd: 'Workers',
};

function shortName({ app, runtime }: Pick<Program, 'app' | 'runtime'>): string {
  return `${app}<br>${SHORT[runtime]}`;
}

function renderTable(rows: readonly Row[], reasons: Reasons): string {
  const head = PROGRAMS.map(shortName);
  const lines = rows.map((row) => {
    const cells = PROGRAMS.map((program) => renderCell(row, program, reasons));
    return `| ${row.title.replaceAll('|', '\\|')} | ${cells.join(' | ')} |`;
  });
  return [`| | ${head.join(' | ')} |`, `|---|${head.map(() => ':-:').join('|')}|`, ...lines].join(
    '\n',
  );
}

function renderCell(row: Row, program: Program, reasons: Reasons): string {
  const { protocols } = program;
  const marks = new Set<string>();
  const notes = new Set<number>();
  for (const protocol of protocols) {
    const target = { ...program, protocol };
    const exception = exceptionOf(row, target);
    const fault = exception === undefined ? faultOf(row, target) : undefined;
    if (exception !== undefined) notes.add(reasons.number(exception));
    else if (fault !== undefined) notes.add(reasons.number(fault));
    marks.add(exception !== undefined ? '' : fault !== undefined ? '✗' : '✓');
  }
  marks.delete('');
  const numbers = [...notes].join(', ');
  if (marks.size === 0) return numbers;
  return [...marks].join(' ') + (numbers === '' ? '' : `<sup>${numbers}</sup>`);
}

/** Each reason has one number, in the order in which they are met. */
class Reasons {
  readonly #numbers = new Map<string, number>();

  number(reason: string): number {
    const present = this.#numbers.get(reason);
    if (present !== undefined) return present;
    this.#numbers.set(reason, this.#numbers.size + 1);
    return this.#numbers.size;
  }

  render(): string {
    return [...this.#numbers].map(([reason, number]) => `${number}. ${reason}`).join('\n');
  }
}

function versions(): string[] {
  const runtimes = [...new Set(PROGRAMS.map(({ runtime }) => runtime))].map(versionOf);
  const frameworks = FRAMEWORKS.map((name) => {
    const file = new URL(`../node_modules/${name}/package.json`, import.meta.url);
    const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
    return `${name} ${version}`;
  });
  return [...runtimes, ...frameworks];
}
