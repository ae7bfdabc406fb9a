// The tool: `main.ts DIRECTORY MILLISECONDS [--fail]`. Writes one JSON document, or fails.
import { survey } from './survey.js';

// Its input is the line to whoever started it. When that breaks, even by a SIGKILL, nobody waits.
process.stdin.on('end', () => process.exit(1)).resume();

const [directory = '.', milliseconds = '0', fail] = process.argv.slice(2);
// Counted from the start of this process.
const result = await survey(directory, Number(milliseconds));
if (fail === '--fail') {
  console.error(`the survey of ${result.files} files was done, but could not be filed`);
  process.exitCode = 3;
} else {
  process.stdout.write(JSON.stringify(result));
}
process.stdin.destroy();
