import type { Figure } from '../figure.js';
import { LETTER_PX, line, logScale, px, svg, text } from './svg.js';

const PANEL = { width: 420, height: 250, left: 56, right: 24, top: 34, bottom: 46 };
const COLUMNS = 2;
const TITLE = 44;
const LEGEND = 28;
const FOOT = 24;
/** Whoever is in the picture most often first, so that a line keeps its colour. */
const LINES = [
  'holdOpen',
  'bare',
  'better-sse',
  '@fastify/sse',
  'sse-channel',
  'node, setInterval',
  'hono streamSSE, loop',
];

interface Point {
  readonly at: number;
  readonly value: number;
  /** What the runs lie between. */
  readonly low: number;
  readonly high: number;
}

interface Chart {
  readonly lines: Map<string, Point[]>;
  /** The most that is wanted of one of the points. */
  readonly targets: { readonly at: number; readonly atMost: number }[];
}

/** Charts of values by number of connections, as their figures say. Nothing where none does. */
export function linePlot(title: string, figures: readonly Figure[]): string | undefined {
  const charts = byChart(figures);
  if (charts.size === 0) return undefined;
  const names = new Set([...charts.values()].flatMap(({ lines }) => [...lines.keys()]));
  const known = [
    ...LINES.filter((name) => names.has(name)),
    ...[...names].filter((name) => !LINES.includes(name)),
  ];
  const rows = Math.ceil(charts.size / COLUMNS);
  const content = [text(16, 26, title, 'head'), ...legend(known)];
  for (const [i, [name, chart]] of [...charts].entries()) {
    const x = (i % COLUMNS) * PANEL.width;
    const y = TITLE + LEGEND + Math.floor(i / COLUMNS) * PANEL.height;
    content.push(`<g transform="translate(${x} ${y})">`, ...panel(name, chart, known), '</g>');
  }
  const height = TITLE + LEGEND + rows * PANEL.height + FOOT;
  content.push(
    text(
      16,
      height - 14,
      'Both scales are logarithmic. Upright line: least and most of the runs. Crossbar: the most that is wanted of holdOpen there.',
      'weak',
    ),
  );
  return svg(COLUMNS * PANEL.width, height, title, [...charts.keys()].join('; '), content);
}

function byChart(figures: readonly Figure[]): Map<string, Chart> {
  const charts = new Map<string, Chart>();
  for (const { value, ratio, spread, target, series } of figures) {
    if (series === undefined) continue;
    const { chart, line: name, at } = series;
    const own: Chart = charts.get(chart) ?? { lines: new Map(), targets: [] };
    const { lines, targets } = own;
    // The spread of a ratio is not that of its value.
    const { min: low, max: high } =
      ratio === undefined && spread !== undefined ? spread : { min: value, max: value };
    lines.set(name, [...(lines.get(name) ?? []), { at, value, low, high }]);
    if (target?.of === 'value') targets.push({ at, atMost: target.atMost });
    charts.set(chart, own);
  }
  return charts;
}

function legend(names: readonly string[]): string[] {
  let x = 16;
  return names.flatMap((name, i) => {
    const drawn = [marker(x + 6, TITLE + 2, i), text(x + 16, TITLE + 6, name)];
    x += 34 + name.length * LETTER_PX;
    return drawn;
  });
}

function panel(title: string, { lines, targets }: Chart, names: readonly string[]): string[] {
  const points = [...lines.values()].flat();
  const ats = [...new Set(points.map(({ at }) => at))].sort((a, b) => a - b);
  const values = [
    ...points.flatMap(({ value, low, high }) => [value, low, high]),
    ...targets.map(({ atMost }) => atMost),
  ].filter((value) => value > 0);
  const low = Math.min(...values) / 1.3;
  const high = Math.max(...values) * 1.3;
  const bottom = PANEL.height - PANEL.bottom;
  const right = PANEL.width - PANEL.right;
  const first = ats[0] ?? 1;
  const last = ats.at(-1) ?? 1;
  // One number of connections alone has no scale: it stands in the middle.
  const x =
    first === last
      ? () => (PANEL.left + right) / 2
      : logScale(first, last, PANEL.left + 16, right - 16);
  const y = logScale(low, high, bottom, PANEL.top + 10);

  const content = [text(PANEL.left, PANEL.top - 6, title, 'head')];
  for (const tick of ticks(low, high)) {
    content.push(line(PANEL.left, y(tick), right, y(tick), 'grid'));
    content.push(text(PANEL.left - 8, y(tick) + 4, String(tick), 'weak', 'end'));
  }
  for (const at of ats)
    content.push(text(x(at), bottom + 20, at.toLocaleString('en'), 'weak', 'middle'));
  content.push(text((PANEL.left + right) / 2, bottom + 36, 'connections', 'weak', 'middle'));
  for (const { at, atMost } of targets) {
    content.push(line(x(at) - 14, y(atMost), x(at) + 14, y(atMost), 'target'));
  }
  // The first is drawn last, so that it lies above the others.
  for (const [i, name] of [...names.entries()].reverse()) {
    const own = [...(lines.get(name) ?? [])]
      .filter(({ value }) => value > 0)
      .sort((a, b) => a.at - b.at);
    const path = own.map(({ at, value }) => `${px(x(at))},${px(y(value))}`).join(' ');
    if (own.length > 1) {
      content.push(
        `<polyline points="${path}" class="${kind(i)}" stroke-width="${i === 0 ? 2.5 : 1.5}" style="fill:none"/>`,
      );
    }
    for (const { at, value, low, high } of own) {
      if (low > 0 && high > low) content.push(line(x(at), y(low), x(at), y(high), kind(i)));
      content.push(marker(x(at), y(value), i));
    }
  }
  return content;
}

/** Another shape for each, for whoever cannot tell the colours. */
function marker(x: number, y: number, index: number): string {
  const size = 4.5;
  if (index % 3 === 1) {
    return `<rect x="${px(x - size + 0.5)}" y="${px(y - size + 0.5)}" width="${2 * size - 1}" height="${2 * size - 1}" class="${kind(index)}"/>`;
  }
  if (index % 3 === 2) {
    return `<path d="M${px(x)} ${px(y - size - 1)}l${size + 1} ${2 * size}h-${2 * size + 2}z" class="${kind(index)}"/>`;
  }
  return `<circle cx="${px(x)}" cy="${px(y)}" r="${size}" class="${kind(index)}"/>`;
}

function kind(index: number): string {
  return `line${index % 7}`;
}

function ticks(low: number, high: number): number[] {
  const all: number[] = [];
  for (let power = -2; power <= 5; power++) {
    for (const digit of [1, 2, 5]) all.push(Number((digit * 10 ** power).toPrecision(1)));
  }
  return all.filter((tick) => tick >= low && tick <= high);
}
