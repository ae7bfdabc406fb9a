import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { startProgram } from '../../test/support/program.js';
import { call } from '../src/clients/call.js';

const question = { url: 'http://127.0.0.1:1/', mode: 'json', timeoutMs: 1, env: {} } as const;

test.each([
  ['nothing', ''],
  ['rubbish', 'console.log("all is well")'],
])('a client that ends well and prints %s has broken down', async (_what, script) => {
  const command: [string, ...string[]] = [process.execPath, '-e', script];
  await expect(call({ version: '', command }, question)).rejects.toThrow(/its script broke down/);
});

test('a client that hangs is given up, even if what it has started keeps its outputs open', async () => {
  const command: [string, ...string[]] = ['sh', '-c', 'sleep 20 & sleep 20', 'sh'];
  const asked = call({ version: '', command }, { ...question, limitMs: 300 });
  await expect(asked).rejects.toThrow('says nothing for 0.3 s');
}, 5_000);

test('the workers of a program that somebody killed go with it', async () => {
  let note = '';
  const { close } = await startProgram({
    program: 'sh',
    ports: [],
    files: () => ({}),
    args: (folder) => {
      note = join(folder, 'worker');
      return ['-c', `sleep 60 & echo $! > ${note}; kill -9 $$`];
    },
    inOwnGroup: true,
  });
  await vi.waitUntil(() => existsSync(note) && readFileSync(note, 'utf8').endsWith('\n'));
  const worker = Number(readFileSync(note, 'utf8'));
  await close();
  await vi.waitUntil(() => !isRunning(worker));
});

/** A zombie that nobody has waited for yet is not. */
function isRunning(pid: number): boolean {
  try {
    return !/\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
