import { CLASS_WORDS, type Confidences, type IncidentClass, type Summary } from '@holdopen/observe';
import { type TimeOut as KnownTimeOut, timeOutsAt } from '../doctor/time-outs.js';
import type { colorsFor } from '../terminal.js';
import { count, LONGEST_REASON, minute, plain, sparkline, table } from './text.js';

type Colors = ReturnType<typeof colorsFor>;

/** Of whose default a time-out may be, so many are named. */
const MOST_NAMED = 4;
/** More days than these are not drawn. */
const MOST_DAYS = 31;

/** The summary for a person. */
export function drawSummary(summary: Summary, top: number, colors: Colors): string {
  const { incidents, instances, first, last } = summary;
  if (first === undefined || last === undefined) return 'No incidents.\n';
  const heading = `${counted(incidents, 'incident')} of ${counted(instances, 'instance')}, ${minute(first)} to ${minute(last)} UTC`;
  const parts = [
    [colors.bold(heading)],
    drawClasses(summary, colors),
    ...(summary.timeOuts.length === 0 ? [] : [drawTimeOuts(summary, colors)]),
    drawDays(summary, colors),
    drawRoutes(summary, top, colors),
  ];
  return `${parts.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function drawClasses({ classes }: Summary, colors: Colors): string[] {
  const [head = '', ...lines] = table(
    [
      ['CLASS', 'COUNT', 'CONFIDENCE', 'LAST'],
      ...classes.map((one) => [
        CLASS_WORDS[one.class].title,
        count(one.count),
        confidences(one.confidence),
        minute(one.last),
      ]),
    ],
    [1],
  );
  const explained = lines.flatMap((line, at) => {
    const one = classes[at];
    if (one === undefined) return [line];
    const { route } = one.example;
    const where = route === undefined ? '' : ` (${plain(route)})`;
    const why = `    ${plain(one.because, LONGEST_REASON)}${where}; ${CLASS_WORDS[one.class].advice}`;
    return [line, colors.dim(why)];
  });
  return [colors.dim(head), ...explained];
}

function drawTimeOuts({ timeOuts }: Summary, colors: Colors): string[] {
  const [head = '', ...lines] = table(
    [
      ['TIME-OUT', 'CUTS', 'THE DEFAULT OF'],
      ...timeOuts.map(({ kind, aboutMs, cuts }) => [
        `${Math.round(aboutMs / 100) / 10} s after the ${kind === 'idle' ? 'last byte' : 'beginning'}`,
        count(cuts),
        whose(timeOutsAt(aboutMs, kind)),
      ]),
    ],
    [1],
  );
  return [colors.dim(head), ...lines];
}

/** With what changes it. */
function whose(known: readonly KnownTimeOut[]): string {
  if (known.length === 0) return 'nobody known: it was set';
  const named = known
    .slice(0, MOST_NAMED)
    .map(({ name, setting }) => (setting === undefined ? name : `${name} (${setting})`));
  const left = known.length - named.length;
  return [...named, ...(left > 0 ? [`and ${counted(left, 'other')}`] : [])].join(', ');
}

function drawDays({ hours }: Summary, colors: Colors): string[] {
  const days = new Map<string, { total: number; hours: number[]; classes: Map<string, number> }>();
  for (const { hour, count: number, classes } of hours) {
    const day = hour.slice(0, 10);
    const one = days.get(day) ?? { total: 0, hours: Array(24).fill(0), classes: new Map() };
    one.total += number;
    one.hours[Number(hour.slice(11, 13))] = number;
    for (const [name, times] of Object.entries(classes)) {
      one.classes.set(name, (one.classes.get(name) ?? 0) + times);
    }
    days.set(day, one);
  }
  const shown = [...days].slice(-MOST_DAYS);
  const highest = Math.max(...shown.flatMap(([, one]) => one.hours));
  const rows = shown.map(([day, one]) => [
    day,
    count(one.total),
    `│${sparkline(one.hours, highest)}│`,
    mostFrequent(one.classes),
  ]);
  const [head = '', ...lines] = table(
    [['DAY (UTC)', 'COUNT', '│0h    6h    12h   18h   │', 'MOSTLY'], ...rows],
    [1],
  );
  const left = days.size - shown.length;
  const rest = left > 0 ? [colors.dim(`and ${counted(left, 'day')} before`)] : [];
  return [colors.dim(head), ...lines, ...rest];
}

function drawRoutes({ routes }: Summary, top: number, colors: Colors): string[] {
  const rows = routes
    .slice(0, top)
    .map(({ route, count: number, classes }) => [
      plain(route),
      count(number),
      mostFrequent(new Map(Object.entries(classes))),
    ]);
  const [head = '', ...lines] = table([['ROUTE', 'COUNT', 'MOSTLY'], ...rows], [1]);
  const left = routes.length - rows.length;
  const rest =
    left > 0 ? [colors.dim(`and ${counted(left, 'route')} more: --top ${routes.length}`)] : [];
  return [colors.dim(head), ...lines, ...rest];
}

/** The two most frequent ones. */
function mostFrequent(classes: ReadonlyMap<string, number>): string {
  return [...classes]
    .sort(([, a], [, b]) => b - a)
    .slice(0, 2)
    .map(([name, times]) => `${CLASS_WORDS[name as IncidentClass].title} ${count(times)}`)
    .join(', ');
}

function confidences({ high, medium, low }: Confidences): string {
  const all = { high, medium, low };
  const present = Object.entries(all).filter(([, number]) => number > 0);
  if (present.length === 1) return present[0]?.[0] ?? '';
  return present.map(([name, number]) => `${name} ${count(number)}`).join(', ');
}

/** For programs, with all of those whose default it is. */
export function namedTimeOuts({ timeOuts }: Summary): readonly object[] {
  return timeOuts.map((timeOut) => ({
    ...timeOut,
    defaultOf: timeOutsAt(timeOut.aboutMs, timeOut.kind).map(({ name, ms, setting, source }) => ({
      name,
      ms,
      setting,
      source,
    })),
  }));
}

export function counted(number: number, what: string): string {
  return `${count(number)} ${what}${number === 1 ? '' : 's'}`;
}
