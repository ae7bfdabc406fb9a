import { buffer } from 'node:stream/consumers';
import { Command } from 'commander';
import { EXIT } from '../program.js';
import type { Terminal } from '../terminal.js';
import {
  type DoctorOptions,
  planOf,
  readCount,
  readDuration,
  readDurations,
  readHeader,
  readMethod,
  readOrigin,
  readUrl,
  readWidth,
  STANDARD_INPUT,
} from './options.js';
import { runDoctor } from './run.js';

const EXAMPLES = `
Examples:
  holdopen doctor https://api.example.com/reports -d '{"month":"2026-10"}'
  holdopen doctor https://api.example.com/events -H 'Accept: text/event-stream' --beats 3
  holdopen doctor https://api.example.com/chat -d @question.json --origin https://app.example.com
  holdopen doctor localhost:3000/slow --idle 30s --json | jq .verdict

Exit codes: 0 it is well, 1 it is not, 2 wrong arguments.`;

/** `holdopen doctor`. */
export function createDoctorCommand(terminal: Terminal): Command {
  return new Command('doctor')
    .summary('whether beats get through to here, and what to change if not')
    .description(
      'Sends one request, draws what came and when, and says whether keep-alive gets through.',
    )
    .argument('<url>', 'what to ask', readUrl)
    .option('-X, --request <method>', 'GET, or POST with -d', readMethod)
    .option('-H, --header <line>', "'Name: value'; may be given again", readHeader)
    .option('-d, --data <text>', 'the body: a text, @file, or @- for standard input')
    .option('--http1', 'HTTP/1.1 only')
    .option('--http2', 'HTTP/2 only; without TLS by prior knowledge')
    .option('-k, --insecure', 'take any certificate')
    .option('--origin <origin>', 'look at CORS for a page of this origin, too', readOrigin)
    .option('--credentials', 'that page sends cookies')
    .option('--max-wait <time>', 'wait so long for the end (default: 3m)', readDuration)
    .option('--beats <count>', 'stop after so many beats', readCount)
    .option('--idle <time>', 'an idle time-out on the way; may be given again', readDurations)
    .option('--width <columns>', 'of the drawing; the terminal’s by default', readWidth)
    .option('--json', 'everything that was seen, for a program')
    .addHelpText('after', EXAMPLES)
    .action(async (url: URL, options: DoctorOptions, command: Command) => {
      let plan: ReturnType<typeof planOf>;
      try {
        const isPiped = options.data === STANDARD_INPUT;
        plan = planOf(url, options, isPiped ? await buffer(process.stdin) : undefined);
      } catch (error) {
        return command.error(`error: ${error instanceof Error ? error.message : error}`);
      }
      const interrupt = new AbortController();
      // Once: a second Ctrl-C ends the process as always.
      const onInterrupt = (): void => interrupt.abort();
      process.once('SIGINT', onInterrupt);
      try {
        const { signal } = interrupt;
        const isJson = options.json === true;
        const isWell = await runDoctor(plan, terminal, { isJson, width: options.width, signal });
        process.exitCode = isWell ? EXIT.ok : EXIT.unwell;
      } finally {
        process.off('SIGINT', onInterrupt);
      }
    });
}
