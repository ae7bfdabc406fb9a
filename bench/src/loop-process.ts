// Loops in a process of their own: `loop-process.ts arm-disarm|tracking quick|whole`.
import { armDisarmRun } from './arm-disarm-loops.js';
import { answer } from './child.js';
import type { RunResult } from './repeated.js';
import { trackingRun } from './tracking-loops.js';

const [name, size] = process.argv.slice(2);
const commands = {
  run: (): RunResult => (name === 'tracking' ? trackingRun : armDisarmRun)(size === 'quick'),
};
export type LoopProcess = typeof commands;
answer(commands);
