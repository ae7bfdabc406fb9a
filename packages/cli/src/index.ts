export { createProgram, EXIT } from './program.js';
export type { Terminal } from './terminal.js';
