import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';

it('a child whose parent ends while it is still loading ends, too', async () => {
  const script = fileURLToPath(new URL('../src/peers/peer-server.ts', import.meta.url));
  const child = fork(script, ['node'], { execArgv: ['--import', 'tsx'] });

  onTestFinished(() => void child.kill('SIGKILL'));

  // Long before it can hear of it: so it is with a parent that is killed.
  child.disconnect();

  const [code] = await once(child, 'exit');
  expect(code).toBe(0);
});
