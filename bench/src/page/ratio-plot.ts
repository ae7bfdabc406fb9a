import { type Figure, verdict } from '../figure.js';
import { LETTER_PX, line, logScale, px, svg, text } from './svg.js';

const WIDTH = 860;
const ROW = 20;
const TOP = 50;
const RIGHT = 80;
const TICKS = [
  0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.5, 2, 3, 5, 10, 20, 50, 100, 200, 500,
];

type RatioFigure = Figure & { readonly ratio: number };

/** Each ratio as a dot with its 95 % interval, around 1. Nothing where there are no ratios. */
export function ratioPlot(title: string, figures: readonly Figure[]): string | undefined {
  const rows = figures.filter((figure): figure is RatioFigure => figure.ratio !== undefined);
  if (rows.length === 0) return undefined;
  const lines = withHeads(rows);
  const longest = Math.max(...lines.map((one) => one.label.length));
  const left = Math.min(WIDTH / 2, 36 + longest * LETTER_PX);
  const bottom = TOP + lines.length * ROW;
  const [low, high] = range(rows);
  const x = logScale(low, high, left, WIDTH - RIGHT);

  const content = [text(16, 26, title, 'head')];
  for (const tick of visibleTicks(low, high, x)) {
    content.push(line(x(tick), TOP - 6, x(tick), bottom, tick === 1 ? 'one' : 'grid'));
    content.push(text(x(tick), bottom + 18, `${tick}`, 'weak', 'middle'));
  }
  for (const [i, one] of lines.entries()) {
    const y = TOP + i * ROW + ROW / 2;
    if (one.figure === undefined) content.push(text(16, y + 4, one.label, 'head'));
    else content.push(...row(one.figure, one.label, y, left, x));
  }
  content.push(
    text(
      16,
      bottom + 42,
      'Ratio to the bare counterpart, logarithmic; more is dearer or slower. Bold line: 95 % interval; open dots: least and most of the runs.',
      'weak',
    ),
    text(
      16,
      bottom + 58,
      'Upright tick: target. Cross: missed; hollow: the interval lies on both sides of the target; grey: bare against bare.',
      'weak',
    ),
  );
  return svg(WIDTH, bottom + 74, title, described(rows), content);
}

function row(
  figure: RatioFigure,
  label: string,
  y: number,
  left: number,
  x: (value: number) => number,
): string[] {
  const { ratio, spread, target } = figure;
  const reached = verdict(figure);
  const isNoise = figure.item.endsWith('(A/A)');
  const kind = isNoise ? 'noise' : reached === '' ? 'plain' : reached.replace('?', '');
  const drawn = [text(left - 12, y + 4, label, isNoise ? 'weak' : '', 'end')];
  if (spread !== undefined) {
    drawn.push(line(x(spread.min), y, x(spread.max), y, kind));
    const interval = spread.interval;
    if (interval !== undefined) {
      drawn.push(line(x(interval[0]), y, x(interval[1]), y, kind, ' stroke-width="3"'));
    }
  }
  if (spread !== undefined) {
    for (const end of [spread.min, spread.max]) {
      drawn.push(
        `<circle cx="${px(x(end))}" cy="${px(y)}" r="2.5" class="${kind}" style="fill:none"/>`,
      );
    }
  }
  if (target?.of === 'ratio')
    drawn.push(line(x(target.atMost), y - 8, x(target.atMost), y + 8, 'target'));
  drawn.push(dot(x(ratio), y, kind, reached));
  drawn.push(
    text(WIDTH - 16, y + 4, ratio.toFixed(ratio < 10 ? 2 : 1), isNoise ? 'weak' : '', 'end'),
  );
  return drawn;
}

/** Shape and colour say the same, for whoever cannot tell red from green. */
function dot(x: number, y: number, kind: string, reached: string): string {
  if (reached === 'missed') {
    const arm = 5;
    return [
      line(x - arm, y - arm, x + arm, y + arm, kind, ' stroke-width="3"'),
      line(x - arm, y + arm, x + arm, y - arm, kind, ' stroke-width="3"'),
    ].join('');
  }
  const hollow = reached.endsWith('?') ? ' style="fill:none" stroke-width="2"' : '';
  return `<circle cx="${px(x)}" cy="${px(y)}" r="4.5" class="${kind}"${hollow}/>`;
}

/** What the picture shows, for whoever has it read to them. */
function described(rows: readonly RatioFigure[]): string {
  return rows.map(({ item, ratio }) => `${item} ${ratio.toFixed(2)}`).join('; ');
}

interface Line {
  readonly label: string;
  readonly figure?: RatioFigure;
}

/** What stands before the colon is said once for all rows below it. */
function withHeads(rows: readonly RatioFigure[]): Line[] {
  let head: string | undefined;
  return rows.flatMap((figure): Line[] => {
    const at = figure.item.lastIndexOf(': ');
    const own = at === -1 ? undefined : figure.item.slice(0, at);
    const label = figure.item.slice(own === undefined ? 0 : at + 2);
    const heads = own === undefined || own === head ? [] : [{ label: own }];
    head = own;
    return [...heads, { label, figure }];
  });
}

function range(rows: readonly RatioFigure[]): [low: number, high: number] {
  const all = rows.flatMap(({ ratio, spread, target }) => [
    ratio,
    ...(spread === undefined ? [] : [spread.min, spread.max, ...(spread.interval ?? [])]),
    ...(target?.of === 'ratio' ? [target.atMost] : []),
  ]);
  const positive = all.filter((value) => value > 0 && Number.isFinite(value));
  return [Math.min(0.9, ...positive) * 0.95, Math.max(1.1, ...positive) * 1.05];
}

/** As many as there is room for: 1 first, then outwards. */
function visibleTicks(low: number, high: number, x: (value: number) => number): number[] {
  const chosen: number[] = [];
  const outwards = TICKS.filter((tick) => tick >= low && tick <= high).sort(
    (a, b) => Math.abs(Math.log(a)) - Math.abs(Math.log(b)),
  );
  for (const tick of outwards) {
    if (chosen.every((other) => Math.abs(x(other) - x(tick)) > 34)) chosen.push(tick);
  }
  return chosen;
}
