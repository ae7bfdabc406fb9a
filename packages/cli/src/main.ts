#!/usr/bin/env node
import process from 'node:process';
import { CommanderError } from 'commander';
import { createProgram, EXIT } from './program.js';

let serves = false;
// Whoever reads may have seen enough, as `head` has. Those that are served must not suffer from it.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (serves) return;
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});
process.stderr.on('error', () => {});

const program = createProgram({
  out: process.stdout,
  err: process.stderr,
  serve() {
    serves = true;
  },
});
try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError)
    process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  else {
    process.stderr.write(`holdopen: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = EXIT.usage;
  }
}
