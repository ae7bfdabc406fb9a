import type { Diagnosis } from '../diagnosis.js';
import { headerOf } from '../exchange/plan.js';
import type { Finding } from '../findings/finding.js';
import { visible } from '../visible.js';
import { count, duration, limit, list } from '../words.js';
import { drawBar } from './bar.js';
import { type Row, rowsOf } from './rows.js';
import { type Colors, type Style, wrapped } from './style.js';

const TIME_WIDTH = 10;

/** The whole report, for a person. Nothing in it is obeyed by a terminal but its own colours. */
export function drawReport(diagnosis: Diagnosis, style: Style): string {
  const { facts, findings, verdict, advice } = diagnosis;
  const { observation, rhythm } = facts;
  const { colors } = style;
  const sections = [
    title(diagnosis, style),
    rowsOf(facts).flatMap((row) => drawRow(row, style)),
    ...(observation.endMs > 0 && observation.line !== undefined
      ? [drawBar(observation, rhythm.batches, style)]
      : []),
    headers(diagnosis, style),
    findings.flatMap((finding) => drawFinding(finding, style)),
    timeOuts(diagnosis, style),
    [
      ...hanging(
        verdict.isWell ? colors.green('✓') : colors.red('✗'),
        verdict.sentence,
        style,
        colors.bold,
      ),
      ...(advice === undefined
        ? []
        : hanging(' ', `intervalMs: ${advice.intervalMs} (${advice.because})`, style)),
    ],
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function title({ facts }: Diagnosis, { colors, width }: Style): string[] {
  const { observation, hops } = facts;
  const { method, url, line, head } = observation;
  const version = head === undefined ? [] : [`HTTP/${head.httpVersion.replace(/^2\.0$/, '2')}`];
  const via = hops.length === 0 ? [] : [`behind ${list(hops.map(({ name }) => name))}`];
  const about = [...version, ...(line?.address === undefined ? [] : [line.address]), ...via];
  return [
    ...wrapped(visible(`${method} ${url}`), width).map(colors.bold),
    ...(about.length === 0 ? [] : [colors.dim(visible(about.join(', ')))]),
  ];
}

function drawRow({ atMs, sign, text }: Row, { colors, width }: Style): string[] {
  const time = (atMs === undefined ? '' : duration(atMs)).padStart(TIME_WIDTH);
  const [glyph, paint] = signOf(sign, colors);
  const lines = wrapped(visible(text), width - TIME_WIDTH - 4);
  return lines.map((line, at) =>
    at === 0
      ? `${colors.dim(time)}  ${paint(glyph)} ${sign === 'silence' ? colors.dim(line) : line}`
      : `${' '.repeat(TIME_WIDTH + 4)}${line}`,
  );
}

function signOf(sign: Row['sign'], colors: Colors): [string, (text: string) => string] {
  switch (sign) {
    case 'request':
      return ['→', colors.bold];
    case 'silence':
      return ['┊', colors.dim];
    case 'head':
      return ['←', colors.bold];
    case 'beat':
      return ['•', colors.cyan];
    case 'burst':
      return ['●', colors.yellow];
    case 'data':
      return ['█', colors.green];
    case 'late':
      return ['◆', colors.magenta];
    case 'end':
      return ['✓', colors.green];
    case 'cut':
      return ['✗', colors.red];
    case 'stop':
      return ['…', colors.yellow];
    case 'more':
      return ['⋮', colors.dim];
  }
}

/** Fields that decide whether beats get through. */
const SHOWN = [
  ...['holdopen', 'content-type', 'content-encoding', 'content-length', 'transfer-encoding'],
  ...['cache-control', 'x-accel-buffering', 'retry-after', 'location', 'link', 'holdopen-run'],
  ...['server', 'via', 'age', 'access-control-allow-origin', 'access-control-expose-headers'],
];

function headers({ facts }: Diagnosis, { colors, width }: Style): string[] {
  const given = facts.observation.head?.headers ?? [];
  return SHOWN.flatMap((name) => {
    const value = headerOf(given, name);
    if (value === undefined) return [];
    const room = width - name.length - 4;
    const text = visible(value);
    const shown = text.length > room ? `${text.slice(0, room - 1)}…` : text;
    return [`  ${colors.dim(`${name}:`)} ${shown}`];
  });
}

function drawFinding({ level, what, cure }: Finding, style: Style): string[] {
  const { colors } = style;
  const [mark, paint] = {
    problem: ['✗', colors.red] as const,
    warning: ['!', colors.yellow] as const,
    note: ['·', colors.dim] as const,
  }[level];
  return [
    ...hanging(paint(mark), what, style),
    ...(cure === undefined ? [] : hanging(' ', `→ ${cure}`, style, colors.cyan)),
  ];
}

function timeOuts({ facts, standing }: Diagnosis, style: Style): string[] {
  const { intervalMs } = facts;
  const lines: string[] = [];
  if (intervalMs !== undefined) {
    const { idle, outlived, tooShort } = standing;
    const but =
      tooShort.length === 0
        ? ''
        : `; not ${list(tooShort.map(({ name, ms }) => `${name} (${limit(ms)})`))}`;
    const text = `A beat every ${duration(intervalMs)} outlives ${outlived} of ${count(idle, 'known idle time-out')}${but}.`;
    lines.push(...hanging('·', text, style));
  }
  if (standing.total.length > 0) {
    const names = standing.total.map(({ name, ms }) => `${name} (${limit(ms)})`);
    lines.push(
      ...hanging('·', `No beat would have helped against a total time-out: ${list(names)}.`, style),
    );
  }
  return lines;
}

function hanging(
  mark: string,
  text: string,
  { width }: Style,
  paint: (text: string) => string = (line) => line,
): string[] {
  return wrapped(visible(text), width - 4).map(
    (line, at) => `${at === 0 ? `  ${mark} ` : '    '}${paint(line)}`,
  );
}
