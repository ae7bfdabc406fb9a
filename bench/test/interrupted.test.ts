import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const PROGRAM = new URL('../../test/support/program.js', import.meta.url);

/** Starts a program that listens and says where it lives, and is ended before that program is. */
const script = `
  const { freePort, startProgram } = await import(${JSON.stringify(String(PROGRAM))});
  process.once('SIGTERM', () => process.exit(143));
  const port = await freePort();
  let place = '';
  await startProgram({
    program: process.execPath,
    ports: [port],
    files: (folder) => { place = folder; return {}; },
    args: () => ['-e', 'require("net").createServer().listen(' + port + ', "127.0.0.1")'],
  });
  console.log(JSON.stringify({ port, place }));
  setInterval(() => {}, 60_000);
`;

it('whoever ends a benchmark is left with neither its programs nor their folders', async () => {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '--eval', script],
    { cwd: fileURLToPath(new URL('..', import.meta.url)), stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [line]: Buffer[] = await once(child.stdout, 'data');
  const { port, place } = JSON.parse(String(line));
  expect(existsSync(place)).toBe(true);

  child.kill('SIGTERM');
  await once(child, 'exit');

  expect(existsSync(place)).toBe(false);
  await expect
    .poll(async () => {
      const socket = connect(port, '127.0.0.1');
      const [listens] = await Promise.race([
        once(socket, 'connect').then(() => [true]),
        once(socket, 'error').then(() => [false]),
      ]).catch(() => [false]);
      socket.destroy();
      return listens;
    })
    .toBe(false);
});
