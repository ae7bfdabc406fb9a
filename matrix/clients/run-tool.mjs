// A program of the shell: its exit code says whether it is content, and its user parses what it prints.
import { spawnSync } from 'node:child_process';
import { answer } from './answer.mjs';

/** @param {(asked: import('./answer.mjs').Asked) => [string, ...string[][]]} command */
export async function runTool(command) {
  await answer(async (asked, got) => {
    const [program, ...args] = command(asked);
    const { status, stdout, stderr } = spawnSync(program, args.flat(), { encoding: 'utf8' });
    if (asked.mode === 'events') got.text = stdout;
    if (status !== 0) {
      // wget says more before and behind it.
      const lines = stderr.trim().split('\n');
      const line = lines.find((one) => /error/i.test(one)) ?? lines.at(-1) ?? '';
      got.error = `exit ${status}: ${line.replace(/^.*(?=Read error)/, '')}`;
      return;
    }
    if (asked.mode === 'json') got.got = JSON.parse(stdout);
  });
}
