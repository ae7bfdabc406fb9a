import type { Incident } from '../journal/record.js';
import {
  type Classified,
  type Confidence,
  INCIDENT_CLASSES,
  type IncidentClass,
} from './classes.js';
import type { TimeOut } from './time-outs.js';

/** More routes than these are counted together. */
const MAX_ROUTES = 1_000;
const MAX_HOURS = 24 * 400;
const OTHER_ROUTES = '(other routes)';
const NO_ROUTE = '(no route)';

export type Confidences = Readonly<Record<Confidence, number>>;

export interface ClassCount {
  readonly class: IncidentClass;
  readonly count: number;
  readonly confidence: Confidences;
  readonly first: string;
  readonly last: string;
  /** One of them, to begin with: its facts say more. */
  readonly example: Incident;
  readonly because: string;
}

export interface RouteCount {
  readonly route: string;
  readonly count: number;
  readonly classes: Readonly<Partial<Record<IncidentClass, number>>>;
}

export interface HourCount {
  /** Its beginning, in UTC: `2026-11-21T19:00Z`. */
  readonly hour: string;
  readonly count: number;
  readonly classes: Readonly<Partial<Record<IncidentClass, number>>>;
}

export interface Summary {
  readonly incidents: number;
  readonly instances: number;
  readonly first: string | undefined;
  readonly last: string | undefined;
  /** The most frequent first. */
  readonly classes: readonly ClassCount[];
  readonly routes: readonly RouteCount[];
  /** In order; those without an incident are left out. */
  readonly hours: readonly HourCount[];
  readonly timeOuts: readonly TimeOut[];
}

type Counts = Partial<Record<IncidentClass, number>>;

interface ClassTally {
  count: number;
  confidence: Record<Confidence, number>;
  first: string;
  last: string;
  example: Incident;
  because: string;
}

/** Counts incidents by class, route and hour. What it keeps does not grow with their number. */
export class Tally {
  readonly #classes = new Map<IncidentClass, ClassTally>();
  readonly #routes = new Map<string, Counts>();
  readonly #hours = new Map<string, Counts>();
  readonly #instances = new Set<string>();
  #incidents = 0;
  #first: string | undefined;
  #last: string | undefined;

  add(incident: Incident, { class: name, confidence, because }: Classified): void {
    // As strings they sort only if they are all written the same way.
    const time = new Date(incident.time).toISOString();
    this.#incidents += 1;
    if (this.#first === undefined || time < this.#first) this.#first = time;
    if (this.#last === undefined || time > this.#last) this.#last = time;
    if (this.#instances.size < MAX_ROUTES) this.#instances.add(incident.instance);
    const known = this.#classes.get(name);
    const one = known ?? newTally(incident, time, because);
    if (known === undefined) this.#classes.set(name, one);
    one.count += 1;
    one.confidence[confidence] += 1;
    if (time < one.first) one.first = time;
    if (time > one.last) {
      one.last = time;
      one.example = incident;
      one.because = because;
    }
    countIn(this.#routes, incident.route ?? NO_ROUTE, MAX_ROUTES, OTHER_ROUTES, name);
    const hour = `${time.slice(0, 13)}:00Z`;
    countIn(this.#hours, hour, MAX_HOURS, 'earlier or later', name);
  }

  summary(timeOuts: readonly TimeOut[]): Summary {
    const classes = [...this.#classes].map(([name, one]) => ({ class: name, ...one }));
    const routes = [...this.#routes].map(([route, counts]) => ({
      route,
      count: sum(counts),
      classes: counts,
    }));
    const hours = [...this.#hours].map(([hour, counts]) => ({
      hour,
      count: sum(counts),
      classes: counts,
    }));
    const rank = (name: IncidentClass): number => INCIDENT_CLASSES.indexOf(name);
    return {
      incidents: this.#incidents,
      instances: this.#instances.size,
      first: this.#first,
      last: this.#last,
      classes: classes.sort((a, b) => b.count - a.count || rank(a.class) - rank(b.class)),
      routes: routes.sort((a, b) => b.count - a.count || (a.route < b.route ? -1 : 1)),
      hours: hours.sort((a, b) => (a.hour < b.hour ? -1 : 1)),
      timeOuts,
    };
  }
}

function newTally(example: Incident, time: string, because: string): ClassTally {
  const confidence = { high: 0, medium: 0, low: 0 };
  return { count: 0, confidence, first: time, last: time, example, because };
}

function countIn(
  all: Map<string, Counts>,
  key: string,
  most: number,
  other: string,
  name: IncidentClass,
): void {
  const place = all.has(key) || all.size < most ? key : other;
  const counts = all.get(place) ?? {};
  counts[name] = (counts[name] ?? 0) + 1;
  all.set(place, counts);
}

function sum(counts: Counts): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
