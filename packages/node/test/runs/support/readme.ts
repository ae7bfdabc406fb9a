import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { expect, onTestFinished } from 'vitest';
import type { Served } from '../../held/support/serve.js';
import { connect } from '../../held/support/wire.js';
import { ask, describeAt, post, repeatable, statusOf } from './desk.js';

/** That a package's README shows what stands in a file, but for where things come from here. */
export function expectInReadme(packageRoot: URL, file: URL): void {
  const { name } = JSON.parse(readFileSync(new URL('package.json', packageRoot), 'utf8')) as {
    name: string;
  };
  const shown = readFileSync(file, 'utf8')
    .replace(/^import .*readme-work\.js';\n/m, '')
    .replace(/'[./]*\/src\/index\.js'/, `'${name}'`)
    .replaceAll(/^export (?=const)/gm, '');
  const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');
  const readme = readFileSync(new URL('README.md', packageRoot), 'utf8');
  const blocks = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code);
  const block = blocks.find((code) => code.includes('createRuns({'));
  // In whichever order.
  const isImport = (line: string): boolean => line.startsWith('import ');
  expect(lines(block ?? '').filter((line) => !isImport(line))).toEqual(
    lines(shown).filter((line) => !isImport(line)),
  );
  expect(
    lines(block ?? '')
      .filter(isImport)
      .sort(),
  ).toEqual(lines(shown).filter(isImport).sort());
}

/** That a server does what the README says of it. */
export async function expectRuns(server: Server, path: string): Promise<void> {
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const served: Served = {
    ...{ server, port, path: undefined, transport: 'HTTP/1.1' },
    ...{ url: `http://127.0.0.1:${port}`, connections: new Set() },
    connect: () => connect({ port, tls: false }),
  };
  const first = await ask(served, { ...post(), path });
  expect(first.ended).toBe('complete');
  expect(JSON.parse(first.body)).toHaveProperty('works');
  expect(repeatable(await ask(served, { ...post(), path }))).toEqual(repeatable(first));
  expect(await describeAt(served, statusOf(first))).toMatchObject({ state: 'completed' });
}
