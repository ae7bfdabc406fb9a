import { Command } from 'commander';
import manifest from '../package.json' with { type: 'json' };
import { createChaosCommand } from './chaos/command.js';
import { createDoctorCommand } from './doctor/command.js';
import { createIncidentsCommand } from './incidents/command.js';
import { createProxyCommand } from './proxy/command.js';
import type { Terminal } from './terminal.js';

/** What a command's end means to a script. */
export const EXIT = {
  /** It did what it was asked to, and found nothing wrong. */
  ok: 0,
  /** It did what it was asked to, and what it looked at is not well. */
  unwell: 1,
  /** It could not do it: wrong arguments, or nothing to look at. */
  usage: 2,
} as const;

const COMMANDS = [
  createChaosCommand,
  createDoctorCommand,
  createProxyCommand,
  createIncidentsCommand,
];

/** The `holdopen` command, with all that it can do. */
export function createProgram(terminal: Terminal): Command {
  const program = new Command('holdopen')
    .description('Keeps slow HTTP responses alive, and says why others are not.')
    .version(manifest.version)
    .configureOutput({
      writeOut: (text) => terminal.out.write(text),
      writeErr: (text) => terminal.err.write(text),
    })
    .showHelpAfterError('(holdopen --help says what there is)')
    .exitOverride();
  for (const create of COMMANDS) {
    const command = create(terminal).copyInheritedSettings(program);
    command.showHelpAfterError(`(holdopen ${command.name()} --help says what there is)`);
    program.addCommand(command);
  }
  return program;
}
