import process from 'node:process';
import { createFaultyPath, FaultyPathError, type FaultyPathOptions } from '@holdopen/faulty-path';
import { Command } from 'commander';
import type { Terminal } from '../terminal.js';
import { parseFault, parseListen, parseSeed, parseTime } from './fault-argument.js';
import { createJournal } from './journal.js';

interface ChaosOptions {
  readonly target: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly fault: NonNullable<FaultyPathOptions['faults']>;
  readonly seed?: number;
  readonly for?: number;
  readonly json?: true;
}

const HELP = `
Faults, with what they take unless told otherwise:
  idle-kill:afterMs=…,how=rst           nothing moved for so long (how: rst, fin, black-hole)
  total-kill:afterMs=…,how=rst          no connection is older
  cut:atByte=…,of=response,from=connection,how=rst
                                        breaks there; from=body does not count the HTTP head
  black-hole:afterMs=0,of=both          bytes vanish, and nobody is told
  throttle:bytesPerSecond=…,of=both     slow, with back-pressure
  latency:delayMs=…,jitterMs=0,of=both  late
  burst:everyMs=…,of=response           gathered, then all at once
  late-fin:delayMs=…,of=response        the end comes long after the last byte
  buffer:untilBytes=…,untilMs=…         HTTP/1 answers kept back; without limits until they are whole
  lying-end:atByte=…                    HTTP/1 answers that break, or all at a byte, end as if whole
  http-1.0                              speaks HTTP/1.0 to the target, as nginx does by default
  refuse:how=rst                        closed as soon as it is accepted
  silence                               accepted, and no more

A number may be a range (1..5000), a time may have a unit (250ms, 3s, 2m), and any fault may take
chance=0.3: then it befalls that part of the connections. What was drawn is printed for each; the same
--seed draws the same again.

Examples:
  holdopen chaos --target localhost:8000 --fault idle-kill:afterMs=60s
  holdopen chaos --target localhost:8000 --listen 9000 --fault cut:atByte=1..5000,chance=0.3 --seed 42
  holdopen chaos --target localhost:8000 --fault http-1.0 --fault buffer --fault latency:delayMs=0..200
  holdopen chaos --target localhost:6379 --fault total-kill:afterMs=5s --for 1m --json | jq .end

Exit codes: 0 it ran until Ctrl-C, SIGTERM or --for; 2 wrong arguments, or the port is taken.`;

/** `holdopen chaos`: a path that goes wrong, for clients and servers in any language. */
export function createChaosCommand(terminal: Terminal): Command {
  const gather = (text: string, before: readonly unknown[] = []) => [...before, parseFault(text)];
  return new Command('chaos')
    .summary('a path that goes wrong as you say, to try a client or a server on')
    .description('Listens, and leads to a server on a path that goes wrong as you say.')
    .requiredOption('--target <host:port>', 'where the path leads; a URL will do')
    .option('--fault <type:field=value,…>', 'what goes wrong; may be given again', gather, [])
    .option('--listen <host:port>', 'where clients come', parseListen, {
      host: '127.0.0.1',
      port: 0,
    })
    .option('--seed <number>', 'the one that an earlier run has printed', parseSeed)
    .option('--for <time>', 'ends by itself after so long', parseTime)
    .option('--json', 'each event as a line of JSON')
    .addHelpText('after', HELP)
    .action(async (options: ChaosOptions, command: Command) => {
      try {
        await run(options, terminal);
      } catch (error) {
        if (!isForTheUser(error)) throw error;
        command.error(`error: ${error.message}`);
      }
    });
}

async function run(options: ChaosOptions, terminal: Terminal): Promise<void> {
  const { target, listen, fault, seed, json } = options;
  const journal = createJournal(terminal, json === true);
  const path = await createFaultyPath({
    target,
    faults: fault,
    ...listen,
    // The journal counts them.
    keepClosed: 0,
    ...(seed === undefined ? {} : { seed }),
    onOpen: (connection) => journal.opened(connection),
    onClose: (connection) => journal.closed(connection),
  });
  terminal.serve?.();
  journal.listening({ url: path.url, target, seed: path.seed });
  await untilTold(options.for);
  await path.close();
  journal.summary();
}

/** A second Ctrl-C ends the process as always. */
function untilTold(forMs: number | undefined): Promise<void> {
  return new Promise((resolve) => {
    const stop = (): void => {
      clearTimeout(timer);
      process.off('SIGINT', stop).off('SIGTERM', stop);
      resolve();
    };
    const timer = forMs === undefined ? undefined : setTimeout(stop, forMs);
    process.on('SIGINT', stop).on('SIGTERM', stop);
  });
}

/** What another argument would mend. */
function isForTheUser(error: unknown): error is Error {
  return error instanceof FaultyPathError || (error instanceof Error && 'syscall' in error);
}
