import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { createProgram } from '../../packages/cli/src/program.js';
import { pages, ROOT, read } from './pages.js';

type Command = ReturnType<typeof createProgram>;

const { commands } = createProgram({ out: process.stdout, err: process.stderr });

/** Pages that speak of one command alone, so that every option in them is its own. */
const OF_ONE_COMMAND = new Map([
  ['docs/doctor.md', 'doctor'],
  ['docs/proxy.md', 'proxy'],
]);

/** Options of other programs, which stand in those pages. */
const OF_OTHERS = new Set(['--only']);

function flagsOf(command: Command | undefined): string[] {
  return ['--help', ...(command?.options.flatMap(({ short, long }) => [short, long]) ?? [])].filter(
    (flag) => flag !== undefined && flag !== null,
  );
}

const find = (name: string) => commands.find((command) => command.name() === name);

/** What is wrong with a line of shell that calls `holdopen`. */
function faults(line: string): string[] {
  return [...line.matchAll(/(?<![\w/@.-])holdopen ([a-z]+)((?: [^|`]*)?)/g)].flatMap(
    ([, name = '', rest = '']) => {
      const command = find(name);
      if (command === undefined) return [`there is no holdopen ${name}`];
      const words = rest.replaceAll(/'[^']*'/g, '').split(/\s+/);
      return words
        .filter((word) => /^--?[a-zA-Z]/.test(word) && !flagsOf(command).includes(word))
        .map((flag) => `holdopen ${name} has no ${flag}`);
    },
  );
}

/** Blocks of shell, line by line, and what stands in the text as code. */
function shellOf(page: string): string[] {
  const text = read(page);
  const blocks = [...text.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, code = '']) =>
    code.replaceAll('\\\n', ' ').split('\n'),
  );
  const prose = text.replaceAll(/^```.*?^```/gms, '');
  const inline = [...prose.matchAll(/`((?:npx|npm run) [^`]+)`/g)].map(([, code = '']) => code);
  return [...blocks, ...inline];
}

describe.each(pages())('%s', (page) => {
  const lines = shellOf(page);

  test('calls our command as it can be called', () => {
    expect(lines.flatMap(faults)).toEqual([]);
  });

  test('names scripts and files that are there', () => {
    const scripts = lines.flatMap((line) => [...line.matchAll(/npm run ([\w-]+)/g)]);
    expect(
      scripts.map(([, name = '']) => name).filter((name) => !Object.hasOwn(manifest.scripts, name)),
    ).toEqual([]);
    const files = lines.flatMap((line) => [
      ...line.matchAll(/npx (?:tsx|vitest run|tsc -p) ([\w./-]+)/g),
    ]);
    expect(files.map(([, path = '']) => path).filter((path) => !existsSync(ROOT + path))).toEqual(
      [],
    );
  });
});

test.each([...OF_ONE_COMMAND])('%s has no option that holdopen %s has not', (page, name) => {
  const prose = read(page).replaceAll(/^```.*?^```/gms, '');
  const code = [...prose.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text).join(' ');
  const named = code.match(/(?<=^|\s)--[a-z][\w-]*/g) ?? [];
  const known = [...flagsOf(find(name)), ...OF_OTHERS];
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((flag) => !known.includes(flag))).toEqual([]);
});

test.each([...OF_ONE_COMMAND, ['docs/incidents.md', 'incidents']])(
  '%s has every option of holdopen %s',
  (page, name) => {
    const flags = find(name)?.options.map(({ long }) => long ?? '') ?? [];
    expect(flags.length).toBeGreaterThan(5);
    expect(flags.filter((flag) => !new RegExp(`${flag}(?![\\w-])`).test(read(page)))).toEqual([]);
  },
);

test('a wrong call would be seen', () => {
  expect(faults('npx holdopen doctor --bests 3 http://localhost')).toEqual([
    'holdopen doctor has no --bests',
  ]);
  expect(faults('npx holdopen proxi')).toEqual(['there is no holdopen proxi']);
  expect(faults("npx holdopen proxy --route 'POST /v1/*' --target a")).toEqual([]);
});
