// Runs all rows on a program: those that do not disturb one another at the same time.
import { Cell } from './cell.js';
import { exceptionOf } from './exceptions.js';
import { type Running, start } from './program.js';
import type { Row } from './row.js';
import { ROWS } from './table.js';
import type { Program, Target } from './targets.js';

const AT_ONCE = 32;
const PROGRAMS_AT_ONCE = 2;

/** What came of a cell: settled when it has been run. */
export type Outcomes = (target: Target, row: Row) => Promise<void>;

class Gate {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(free: number) {
    this.#free = free;
  }

  async through<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}

const programs = new Gate(PROGRAMS_AT_ONCE);

/** Begins at once; programs wait for one another. */
export function runProgram(program: Program): Outcomes {
  const outcomes = new Map<string, PromiseWithResolvers<void>>();
  const nameOf = (target: Target, row: Row): string => `${target.protocol} ${row.id}`;
  const targets = program.protocols.map((protocol) => ({ ...program, protocol }));
  for (const target of targets) {
    for (const row of ROWS) outcomes.set(nameOf(target, row), withResolvers());
  }

  async function runCells(server: Running, when: Row['when']): Promise<void> {
    const gate = new Gate(when === 'alone' ? 1 : AT_ONCE);
    const rows = ROWS.filter((row) => row.when === when);
    const cells = targets.flatMap((target) => rows.map((row) => ({ target, row })));
    await Promise.all(
      cells
        .filter(({ target, row }) => exceptionOf(row, target) === undefined)
        .map(({ target, row }) =>
          gate.through(async () => {
            const outcome = outcomes.get(nameOf(target, row));
            // What a loaded machine brings too late comes in time once more; a fault is there again.
            await new Cell(row, target, server)
              .run()
              .catch(() => new Cell(row, target, server, 'again').run())
              .then(outcome?.resolve, outcome?.reject);
          }),
        ),
    );
  }

  async function withServer(
    environment: Record<string, string>,
    work: (server: Running) => Promise<void>,
  ): Promise<void> {
    const server = await start(program, environment);
    try {
      await work(server);
    } finally {
      server.stop();
    }
  }

  programs
    .through(async () => {
      await Promise.all([
        withServer({}, async (server) => {
          await runCells(server, undefined);
          await runCells(server, 'alone');
        }),
        withServer({ HOLDOPEN: 'off' }, (server) => runCells(server, 'off')),
      ]);
    })
    .catch((error: unknown) => {
      for (const { reject } of outcomes.values()) reject(error);
    });

  return (target, row) => outcomes.get(nameOf(target, row))?.promise ?? Promise.resolve();
}

interface PromiseWithResolvers<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: unknown) => void;
}

/** `Promise.withResolvers` is newer than Node 20. */
function withResolvers(): PromiseWithResolvers<void> {
  let resolve: () => void = () => {};
  let reject: (reason: unknown) => void = () => {};
  const promise = new Promise<void>((onDone, onFailed) => {
    resolve = onDone;
    reject = onFailed;
  });
  // A cell that failed is looked at when its test comes.
  promise.catch(() => {});
  return { promise, resolve, reject };
}
