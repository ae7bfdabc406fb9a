import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { measuredOf } from '../capacity.js';
import { arithmeticTable, besidePushpin, measuredTable } from './capacity-tables.js';
import { linePlot } from './line-plot.js';
import { NOT_MEASURED, section, summary } from './markdown.js';
import { fillMarks, marksOf } from './markers.js';
import { ratioPlot } from './ratio-plot.js';
import { type Result, readResults } from './result.js';

export interface Places {
  /** `<benchmark>.json`. */
  readonly results: string;
  readonly performancePage: string;
  readonly capacityPage: string;
  /** Where the pictures go, and how the page names that place. */
  readonly pictures: string;
  readonly picturesAsLinked: string;
}

/** Writes all that was ever measured into the marked parts of the two pages, and draws the pictures. */
export function writePages(places: Places): void {
  const stored = readResults(places.results);
  const marks = marksOf(readFileSync(places.performancePage, 'utf8'));
  for (const name of stored.keys()) {
    if (!marks.includes(name)) {
      throw new Error(
        `${places.performancePage} has no <!-- bench ${name} -->: add it where its figures belong`,
      );
    }
  }
  // In the order of the page.
  const results = new Map(
    marks.flatMap((name) => {
      const result = stored.get(name);
      return result === undefined ? [] : [[name, result] as const];
    }),
  );
  mkdirSync(places.pictures, { recursive: true });
  rewrite(places.performancePage, (name) => {
    if (name === 'summary')
      return results.size === 0 ? NOT_MEASURED : summary([...results.values()]);
    const result = results.get(name);
    if (result === undefined) return NOT_MEASURED;
    return section(result, draw(result, places));
  });
  rewrite(places.capacityPage, (name) => {
    const idle = results.get('idle');
    if (idle === undefined) return NOT_MEASURED;
    const measured = measuredOf(idle);
    if (name === 'measured') return measuredTable(measured);
    if (name === 'arithmetic') return arithmeticTable(measured);
    if (name === 'beside-pushpin') return besidePushpin(measured);
    throw new Error(`${places.capacityPage}: there is nothing called ${name}`);
  });
}

function rewrite(page: string, write: (name: string) => string): void {
  writeFileSync(page, fillMarks(readFileSync(page, 'utf8'), write));
}

function draw({ benchmark, figures }: Result, places: Places): string[] {
  const pictures = [
    [`${benchmark}.svg`, ratioPlot(`${benchmark}: ratios`, figures)],
    [`${benchmark}-connections.svg`, linePlot(`${benchmark}: by number of connections`, figures)],
  ] as const;
  return pictures.flatMap(([file, picture]) => {
    if (picture === undefined) return [];
    writeFileSync(join(places.pictures, file), picture);
    return [`${places.picturesAsLinked}/${file}`];
  });
}
