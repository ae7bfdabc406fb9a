// Servers that know nothing of holdopen, in other languages.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { freePort, startProgram } from '../../../../../test/support/program.js';
import { until } from './until.js';

/** Python's own http.server. Gives its port. */
export async function startPython(silenceS: number): Promise<number> {
  const script = fileURLToPath(new URL('../servers/slow.py', import.meta.url));
  const child = spawn('python3', [script, String(silenceS)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  await until('Python listens', () => text.endsWith('\n'));
  return Number(text);
}

/**
 * `webhook`, a server in Go that Debian has built: a compiler of Go would be 60 times as large. It
 * answers when its command has ended. Gives its port.
 */
export async function startGo(silenceS: number): Promise<number> {
  const command = `sleep ${silenceS}; printf '{"answer":42,"asked":"hello"}'`;
  const hook = {
    id: 'slow',
    'execute-command': '/bin/sh',
    'include-command-output-in-response': true,
    'response-headers': [{ name: 'Content-Type', value: 'application/json' }],
    'pass-arguments-to-command': [
      { source: 'string', name: '-c' },
      { source: 'string', name: command },
    ],
  };
  const port = await freePort();
  const address = ['-ip', '127.0.0.1', '-port', String(port), '-urlprefix', 'v1'];
  const { close } = await startProgram({
    program: 'webhook',
    ports: [port],
    files: () => ({ 'hooks.json': JSON.stringify([hook]) }),
    args: () => ['-hooks', 'hooks.json', ...address],
  });
  onTestFinished(close);
  return port;
}
