import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Figure } from '../src/figure.js';
import { fillMarks, marksOf } from '../src/page/markers.js';
import { type Places, writePages } from '../src/page/pages.js';
import { PLACES } from '../src/page/places.js';
import { type Result, storeResult } from '../src/page/result.js';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Pages of their own, so that those of the repository stay as they are. */
function placesWith(performancePage: string, capacityPage = ''): Places {
  const folder = mkdtempSync(join(tmpdir(), 'bench-page-'));
  folders.push(folder);
  const places = {
    results: join(folder, 'results'),
    performancePage: join(folder, 'performance.md'),
    capacityPage: join(folder, 'capacity.md'),
    pictures: join(folder, 'pictures'),
    picturesAsLinked: 'pictures',
  };
  writeFileSync(places.performancePage, performancePage);
  writeFileSync(places.capacityPage, capacityPage);
  return places;
}

function pageWith(...names: readonly string[]): string {
  return names
    .map((name) => `# By hand: ${name}\n\n<!-- bench ${name} -->\n<!-- /bench -->\n`)
    .join('\n');
}

function resultOf(benchmark: string, figures: readonly Figure[]): Result {
  return {
    benchmark,
    date: '2030-01-02T03:04:05.000Z',
    seconds: 61.7,
    command: `npm run bench -- --only ${benchmark} --write`,
    node: '20.20.2',
    machine: '2 × Some Processor, 8 GB',
    loadBefore: 0.04,
    figures,
  };
}

const MISSED: Figure = {
  item: 'somewhere, fast path: holdOpen',
  value: 12.3,
  unit: 'µs/request',
  ratio: 1.234,
  spread: { min: 1.2, median: 1.234, max: 1.3, samples: 4, interval: [1.19, 1.29] },
  target: { of: 'ratio', atMost: 1.05 },
};
const MET: Figure = {
  ...MISSED,
  item: 'elsewhere, fast path: holdOpen',
  ratio: 1.01,
  spread: { min: 1, median: 1.01, max: 1.03, samples: 4, interval: [1, 1.02] },
};

describe('the page of what was measured', () => {
  it('says that a target is missed, by how much, and draws a cross', () => {
    const places = placesWith(pageWith('summary', 'one'));
    storeResult(places.results, resultOf('one', [MISSED, MET]));

    writePages(places);

    const page = readFileSync(places.performancePage, 'utf8');
    const said =
      'somewhere, fast path: holdOpen: 1.234 × (95 % 1.190 to 1.290), 12.3 µs/request; at most 1.05 × was wanted. Why has not been looked into.';
    expect(page.split(said)).toHaveLength(3);
    expect(page).not.toContain('elsewhere, fast path: holdOpen: 1.01');
    expect(page).toContain('| **missed** |');
    expect(page).toContain('| [one](#one) | 2030-01-02 | 1 |  |  | 1 |');
    const picture = readFileSync(join(places.pictures, 'one.svg'), 'utf8');
    expect(picture.match(/<line[^>]*class="missed"/g)?.length).toBeGreaterThan(2);
    expect(picture).toContain('class="met"');
  });

  it('does not call a target met or missed for certain whose interval lies on both sides of it', () => {
    const places = placesWith(pageWith('one'));
    const unsure = { ...MISSED, spread: { ...MET.spread, interval: [0.9, 1.6] } } as Figure;
    storeResult(places.results, resultOf('one', [unsure]));

    writePages(places);

    const page = readFileSync(places.performancePage, 'utf8');
    expect(page).toContain('was wanted, not for certain.');
    expect(page).toContain('**missed?**');
  });

  it('has date, machine, version and command at each section', () => {
    const places = placesWith(pageWith('one'));
    storeResult(places.results, resultOf('one', [MET]));

    writePages(places);

    expect(readFileSync(places.performancePage, 'utf8')).toContain(
      '*2030-01-02, Node 20.20.2, 2 × Some Processor, 8 GB, load average 0.04 before; `npm run bench -- --only one --write`, 62 s.*',
    );
  });

  it('says of each section at which commit it was measured, and what the machine could not measure', () => {
    const places = placesWith(pageWith('summary', 'one'));
    storeResult(places.results, {
      ...resultOf('one', [MET]),
      commit: 'abc1234567 with changes',
      busyBefore: 0.034,
      leftOut: ['everything with Redis, for there is no redis-server'],
    });

    writePages(places);

    const page = readFileSync(places.performancePage, 'utf8');
    expect(page).toContain('| [one](#one) | 2030-01-02 at abc1234567 with changes |');
    expect(page).toContain(
      '*2030-01-02 at abc1234567 with changes, Node 20.20.2, 2 × Some Processor, 8 GB, processors 3 % busy with other things before;',
    );
    expect(page).toContain('Not measured: everything with Redis, for there is no redis-server.');
  });

  it.each(['{"benchmark": "one", ', '{}', 'null', '{"benchmark":"one","figures":[null]}'])(
    'names the file that holds no result: %s',
    (text) => {
      const places = placesWith(pageWith('one'));
      storeResult(places.results, resultOf('one', [MET]));
      writeFileSync(join(places.results, 'one.json'), text);

      expect(() => writePages(places)).toThrow(
        /one\.json holds no result: get it back from git, or measure it again with npm run bench -- --only one --write/,
      );
    },
  );

  it('keeps what another run measured and what was written by hand', () => {
    const places = placesWith(pageWith('one', 'two', 'three'));
    storeResult(places.results, resultOf('one', [MET]));
    storeResult(places.results, resultOf('two', [MISSED]));
    writePages(places);
    const before = readFileSync(places.performancePage, 'utf8');

    storeResult(places.results, { ...resultOf('one', [MET]), seconds: 17 });
    writePages(places);

    const after = readFileSync(places.performancePage, 'utf8');
    expect(after).toBe(before.replace('--only one --write`, 62 s', '--only one --write`, 17 s'));
    expect(after).toContain('# By hand: three');
    expect(after).toContain('Not measured yet');
  });

  it('refuses a result that has no place on the page, and a mark that is not closed', () => {
    const places = placesWith(pageWith('one'));
    storeResult(places.results, resultOf('two', [MET]));

    expect(() => writePages(places)).toThrow('has no <!-- bench two -->: add it');
    expect(() => fillMarks('<!-- bench one -->\n', () => '')).toThrow('has no <!-- /bench -->');
  });

  it('draws a value against the number of connections, one line for each side', () => {
    const places = placesWith(pageWith('idle'));
    const figures = [1_000, 10_000].flatMap((at) =>
      ['holdOpen', 'bare'].map((line) => ({
        item: `idle ${at}, RSS per connection: ${line}`,
        value: at / 100,
        unit: 'KB',
        series: { chart: 'RSS per connection, KB', line, at },
      })),
    );
    storeResult(places.results, resultOf('idle', figures));

    writePages(places);

    const picture = readFileSync(join(places.pictures, 'idle-connections.svg'), 'utf8');
    expect(picture.match(/<polyline/g)).toHaveLength(2);
    expect(picture).toContain('>10,000</text>');
    expect(readFileSync(places.performancePage, 'utf8')).toContain(
      '![idle](pictures/idle-connections.svg)',
    );
  });
});

describe('the pages of this repository', () => {
  it('say what was recorded, to the letter: npm run bench -- --render', () => {
    const committed = (file: string): string => readFileSync(file, 'utf8');
    const places = placesWith(committed(PLACES.performancePage), committed(PLACES.capacityPage));
    cpSync(PLACES.results, places.results, { recursive: true });

    writePages({ ...places, picturesAsLinked: PLACES.picturesAsLinked });

    expect(committed(places.performancePage)).toBe(committed(PLACES.performancePage));
    expect(committed(places.capacityPage)).toBe(committed(PLACES.capacityPage));
    // None that nothing draws any more, either.
    expect(readdirSync(PLACES.pictures)).toEqual(readdirSync(places.pictures));
    for (const picture of readdirSync(places.pictures)) {
      expect(committed(join(places.pictures, picture))).toBe(
        committed(join(PLACES.pictures, picture)),
      );
    }
  });

  it('have a place for each benchmark', () => {
    const marks = marksOf(readFileSync(PLACES.performancePage, 'utf8'));
    for (const name of ['fast-path', 'adapters', 'peers', 'idle', 'runs', 'client', 'proxy']) {
      expect(marks).toContain(name);
    }
  });
});
