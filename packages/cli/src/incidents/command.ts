import { once } from 'node:events';
import process from 'node:process';
import { Writable } from 'node:stream';
import {
  classify,
  type Findings,
  type IncidentClass,
  type IncidentReader,
  type LineCounts,
  readIncidents,
  Tally,
} from '@holdopen/observe';
import { Command, InvalidArgumentError } from 'commander';
import { EXIT } from '../program.js';
import { colorsFor, type Terminal } from '../terminal.js';
import {
  type Filter,
  isAskedFor,
  parseClasses,
  parseRoute,
  parseTime,
  parseTop,
} from './filter.js';
import { look } from './first-look.js';
import { follow } from './follow.js';
import { drawIncident } from './incident-line.js';
import { Progress } from './progress.js';
import { counted, drawSummary, namedTimeOuts } from './report.js';
import { findSources, isPipe, openSource, reasonOf, type Source } from './sources.js';
import { plain } from './text.js';

interface Given {
  readonly json?: true;
  readonly list?: true;
  readonly follow?: true;
  readonly since?: number;
  readonly until?: number;
  readonly route?: readonly RegExp[];
  readonly class?: readonly IncidentClass[];
  readonly top: number;
}

const EXAMPLES = `
Classes, days and routes of what failed. Times are in UTC.

Examples:
  $ holdopen incidents /var/lib/app/incidents
  $ holdopen incidents --since 24h --route 'POST /v1/*' incidents/
  $ holdopen incidents --class reset,idle-timeout --list incidents/*.ndjson
  $ ssh host cat '/var/lib/app/incidents/*' | holdopen incidents --json -
  $ holdopen incidents --follow incidents/

Exit codes: 0 nothing failed, 1 something did, 2 it could not be read.
`;

/** `holdopen incidents`: what failed, as people say it. */
export function createIncidentsCommand(terminal: Terminal): Command {
  return new Command('incidents')
    .description('say what failed, from the files of the incident journal')
    .argument('<files...>', 'journals, directories of them, patterns, or - for standard input')
    .option('--since <time>', 'from then on: 2026-11-21T19:00Z, or how long ago: 24h', asTime)
    .option('--until <time>', 'up to then', asTime)
    .option('--route <pattern>', 'only routes that fit; * is anything', parseRoute)
    .option('--class <names>', 'only these classes, with commas between', parseClasses)
    .option('--top <n>', 'how many routes to show', parseTop, 10)
    .option('--list', 'each incident on a line of its own')
    .option('-f, --follow', 'go on with what is written from now on')
    .option(
      '--json',
      'for programs: the summary as JSON, with --list a line of JSON for each incident',
    )
    .addHelpText('after', EXAMPLES)
    .action(async (named: string[], given: Given) => {
      process.exitCode = await tellIncidents(named, given, terminal);
    });
}

async function tellIncidents(
  named: readonly string[],
  given: Given,
  terminal: Terminal,
): Promise<number> {
  const pipes = await Promise.all(named.map(isPipe));
  if (given.follow === true && pipes.includes(true)) {
    terminal.err.write(
      'holdopen: --follow needs files or directories; standard input has an end, and so has a pipe.\n',
    );
    return EXIT.usage;
  }
  const filter: Filter = {
    sinceMs: given.since ?? Number.NEGATIVE_INFINITY,
    untilMs: given.until ?? Number.POSITIVE_INFINITY,
    routes: given.route ?? [],
    classes: given.class ?? [],
  };
  const sources = await findSources(named, process.stdin);
  try {
    for (const one of sources.unreadable) terminal.err.write(`holdopen: ${plain(one, 300)}\n`);
    if (sources.files.length === 0) return EXIT.usage;
    const isJson = given.json === true;
    const colors = colorsFor(terminal.out);
    const { findings, counts, broken, unended } = await look(sources.files, filter, terminal.err);
    const tally = new Tally();
    const each = given.list === true || given.follow === true;
    const reader = asked(filter, findings, (incident, classified) => {
      tally.add(incident, classified);
      if (given.list === true)
        terminal.out.write(drawIncident(incident, classified, isJson, colors));
    });
    await readAll(sources.files, reader, terminal);
    const summary = tally.summary(findings.timeOuts);
    if (!isJson) {
      if (given.list !== true) terminal.out.write(drawSummary(summary, given.top, colors));
      for (const note of notes(counts, unended))
        terminal.err.write(`${colorsFor(terminal.err).dim(note)}\n`);
    } else if (!each) {
      const { unreadable, files } = sources;
      const read = {
        files: files.length,
        unreadable: [...unreadable, ...broken],
        ...counts,
        unended,
      };
      terminal.out.write(
        `${JSON.stringify({ ...summary, timeOuts: namedTimeOuts(summary), read }, undefined, 2)}\n`,
      );
    }
    for (const one of broken) terminal.err.write(`holdopen: ${plain(one, 300)}\n`);
    if (given.follow === true) {
      await untilStopped((signal) => {
        const { incident } = asked(filter, findings, (one, classified) => {
          terminal.out.write(drawIncident(one, classified, isJson, colors));
        });
        return follow(named, sources.files, signal, incident);
      });
    }
    // Nothing is known to be well of what nobody could read.
    const isUnread = counts.lines === counts.broken + counts.newer;
    if (isUnread && (counts.lines > 0 || broken.length > 0)) return EXIT.usage;
    return summary.incidents > 0 ? EXIT.unwell : EXIT.ok;
  } finally {
    await sources.close();
  }
}

function asked(
  filter: Filter,
  findings: Findings,
  tell: (...args: Parameters<Tally['add']>) => void,
): IncidentReader {
  return {
    incident(incident) {
      if (!isAskedFor(incident, filter)) return;
      const classified = classify(incident, findings);
      if (filter.classes.length > 0 && !filter.classes.includes(classified.class)) return;
      tell(incident, classified);
    },
  };
}

async function readAll(
  files: readonly Source[],
  reader: IncidentReader,
  { out, err }: Terminal,
): Promise<void> {
  const progress = new Progress(files, err);
  for (const file of files) {
    // Why it cannot be read to its end was told after the first look.
    const source = atPaceOf(out, progress.through(openSource(file)));
    await readIncidents(source, reader).catch(() => {});
  }
  progress.done();
}

/** Lines that nobody takes yet must not gather in memory. */
async function* atPaceOf(
  out: Terminal['out'],
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    if (out instanceof Writable && out.writableNeedDrain) await once(out, 'drain');
    yield chunk;
  }
}

function notes({ broken, newer, repeated }: LineCounts, unended: number): string[] {
  return [
    broken > 0 ? `${counted(broken, 'line')} could not be read.` : '',
    newer > 0 ? `${counted(newer, 'line')} of a newer holdopen: update this one.` : '',
    repeated > 0 ? `${counted(repeated, 'line')} stood there twice.` : '',
    unended > 0
      ? `${counted(unended, 'file')} left open by a process that is silent: a process that uses the directory will say what it was doing.`
      : '',
  ].filter((note) => note !== '');
}

async function untilStopped(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  try {
    await work(stop.signal);
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

function asTime(text: string): number {
  try {
    return parseTime(text);
  } catch (error) {
    throw new InvalidArgumentError(reasonOf(error));
  }
}
