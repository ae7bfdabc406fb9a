// ONE table of behaviours, run over every adapter, runtime and version of HTTP on real sockets. The
// table is table.ts; docs/conformance.md shows it. CONFORMANCE (targets.ts) and CONFORMANCE_ROWS
// (table.ts) in the environment choose a part of it.
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { removeBundles } from './bundle.js';
import { exceptionOf, faultOf } from './exceptions.js';
import { PAGE, renderPage, withoutVersions } from './page.js';
import { runProgram } from './run.js';
import { isWholeTable, ROWS } from './table.js';
import { areAllPrograms, PROGRAMS } from './targets.js';

/** Cells run long before their test asks for them; this is the patience with all programs. */
const TIMEOUT_MS = 240_000;

const passed: Promise<void>[] = [];

afterAll(removeBundles);

for (const program of PROGRAMS) {
  const outcomes = runProgram(program);
  for (const protocol of program.protocols) {
    const target = { ...program, protocol };
    describe(`${program.app} on ${program.runtime}, ${protocol}`, () => {
      for (const row of ROWS) {
        const title = `${row.id}: ${row.title}`;
        const why = exceptionOf(row, target);
        if (why !== undefined) {
          test.skip(`${title} (${why})`);
          continue;
        }
        const run = () => outcomes(target, row);
        if (faultOf(row, target) !== undefined) {
          test.fails(title, { timeout: TIMEOUT_MS }, run);
          continue;
        }
        passed.push(run());
        test(title, { timeout: TIMEOUT_MS }, run);
      }
    });
  }
}

test.runIf(isWholeTable && areAllPrograms)(
  'docs/conformance.md has these rows, targets and reasons',
  { timeout: TIMEOUT_MS },
  async () => {
    const page = renderPage();
    if (process.env.CONFORMANCE_PAGE === 'write') {
      await Promise.all(passed);
      writeFileSync(PAGE, page);
    }
    const committed = withoutVersions(readFileSync(PAGE, 'utf8'));
    expect(committed, 'Run "npm run conformance".').toBe(withoutVersions(page));
  },
);
