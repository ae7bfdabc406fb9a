import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const TEST_CONFIG = fileURLToPath(new URL('../../../../../tsconfig.test.json', import.meta.url));
const FOLDER = fileURLToPath(new URL('.', import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a script of this folder in a process of its own, where uncaught errors are nobody else's, by
 * any Node. Like all tests it reads the sources of the packages, not what was built of them.
 */
export function runScript(
  node: string,
  script: string,
  args: readonly string[] = [],
  flags: readonly string[] = [],
): Promise<Outcome> {
  const child = spawn(node, [...flags, '--import', 'tsx', `${FOLDER}${script}`, ...args], {
    env: { ...process.env, TSX_TSCONFIG_PATH: TEST_CONFIG, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}
