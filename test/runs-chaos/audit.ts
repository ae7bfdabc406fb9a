import { type Plan, planOf, textOf } from './plan.js';
import type { ClientStory, Happening, History, Kill, Outage, Place } from './story.js';
import { FIRST_LOST_MS, LOST_WITHIN_MS } from './times.js';

interface Violation {
  /** `undefined` if it is of no one key. */
  readonly key: string | undefined;
  readonly rule: Rule;
  readonly detail: string;
}

export type Rule =
  | 'duplicate start'
  | 'gap'
  | 'repeated offset'
  | 'wrong content'
  | 'wrong place'
  | 'wrong lost'
  | 'late lost'
  | 'wrong cursor_lost'
  | 'unexpected answer'
  | 'hangs'
  | 'no agreement'
  | 'never started'
  | 'crash';

export interface Verdict {
  readonly violations: readonly Violation[];
  readonly completed: number;
  readonly lost: number;
  readonly lostUnstarted: number;
  readonly cursorLost: number;
  readonly slowestLostMs: number;
  /** The same without the time that the store was away. */
  readonly slowestLostWithStoreMs: number;
}

/** What a machine that is busy may add before somebody is told. */
const NOISE_MS = 2_500;
/** Until those who lost the store ask it again: pauses of a second at most, and a command that hangs. */
const RECOVERY_MS = 1_700;
/** What a client may be told and asks again for. */
const NOT_NOW: ReadonlySet<string> = new Set(['store_away', 'store_unavailable', 'not_started']);

/** Looks at all that happened. Knows the promises, and nothing of how they are kept. */
export function audit(history: History): Verdict {
  const auditor = new Auditor(history);
  for (const { key } of history.starts) auditor.see(key);
  for (const client of history.clients) auditor.client(client);
  auditor.all();
  return auditor.verdict();
}

interface Span {
  readonly from: number;
  readonly to: number;
}

interface KeyFacts {
  readonly plan: Plan;
  readonly outcomes: Set<string>;
  readonly runs: Set<string>;
  /** That events came from. */
  readonly epochs: Set<string>;
}

class Auditor {
  readonly #history: History;
  readonly #violations: Violation[] = [];
  readonly #keys = new Map<string, KeyFacts>();
  readonly #lostUnstarted = new Set<string>();
  #cursorLost = 0;
  #slowestLostMs = 0;
  #slowestLostWithStoreMs = 0;

  constructor(history: History) {
    this.#history = history;
  }

  see(key: string): KeyFacts {
    let facts = this.#keys.get(key);
    if (facts === undefined) {
      facts = { plan: planOf(key), outcomes: new Set(), runs: new Set(), epochs: new Set() };
      this.#keys.set(key, facts);
    }
    return facts;
  }

  client(client: ClientStory): void {
    const reader = new Reader(client, this.see(client.key), (rule, detail) =>
      this.#violate(client.key, rule, `${client.name}: ${detail}`),
    );
    for (const happening of client.happenings) {
      reader.take(happening);
      if (happening.what !== 'told') continue;
      if (happening.code === 'lost') this.#lost(client, happening);
      if (happening.code === 'cursor_lost') this.#cursorWasLost(client);
    }
    reader.over();
  }

  all(): void {
    const { starts, lastStates, stillRunning, crashes } = this.#history;
    for (const crash of crashes) this.#violate(undefined, 'crash', crash);
    for (const run of stillRunning) this.#violate(undefined, 'hangs', `${run} is still running`);
    for (const [key, { outcomes }] of this.#keys) {
      const own = starts.filter((start) => start.key === key);
      if (own.length > 1) {
        const where = own.map(({ pid, attempt }) => `attempt ${attempt} in ${pid}`).join(', ');
        this.#violate(key, 'duplicate start', `its work was started ${own.length} times: ${where}`);
      }
      if (own.length === 0 && outcomes.has('completed')) {
        this.#violate(key, 'never started', 'it has a result, and nobody worked for it');
      }
      if (outcomes.size > 1) {
        this.#violate(key, 'no agreement', `clients were told ${[...outcomes].join(' and ')}`);
      }
      const last = lastStates.find((state) => state.key === key);
      if (last === undefined) this.#violate(key, 'no agreement', 'its state is not known');
      else if (!outcomes.has(last.state)) {
        const told = [...outcomes].join(', ') || 'nothing';
        this.#violate(key, 'no agreement', `its state is ${last.state}, and clients know ${told}`);
      }
    }
  }

  verdict(): Verdict {
    const withOutcome = (outcome: string): number =>
      [...this.#keys.values()].filter(({ outcomes }) => outcomes.has(outcome)).length;
    return {
      violations: this.#violations,
      completed: withOutcome('completed'),
      lost: withOutcome('lost'),
      lostUnstarted: this.#lostUnstarted.size,
      cursorLost: this.#cursorLost,
      slowestLostMs: this.#slowestLostMs,
      slowestLostWithStoreMs: this.#slowestLostWithStoreMs,
    };
  }

  /** Only runs whose owner was killed are lost, and who waits is told in time. */
  #lost({ key, name, happenings }: ClientStory, told: Happening): void {
    const kill = this.#killOfOwner(key, told.at);
    if (kill === undefined) {
      this.#violate(key, 'wrong lost', `${name}: it was told lost, and no owner of it was killed`);
      return;
    }
    const { outages } = this.#history;
    const waitedMs = this.#waited(told.at, kill, happenings);
    // Before it is due nobody may say it, so that a store that was away by then held up nobody.
    const away = awayMs(outages, kill.at + FIRST_LOST_MS, told.at);
    this.#slowestLostMs = Math.max(this.#slowestLostMs, waitedMs);
    this.#slowestLostWithStoreMs = Math.max(this.#slowestLostWithStoreMs, waitedMs - away);
    // Over all its connections: none of them may be what hides that nobody tells it.
    let overdueMs = 0;
    for (const { from, to } of connectionsOf(happenings, told.at)) {
      const since = Math.max(from, kill.at + LOST_WITHIN_MS);
      const dueAt = Math.max(from, kill.at + FIRST_LOST_MS);
      if (to > since) overdueMs += Math.max(0, to - since - awayMs(outages, dueAt, to));
    }
    if (overdueMs > NOISE_MS) {
      const lateMs = Math.round(overdueMs);
      this.#violate(key, 'late lost', `${name}: it was there for ${lateMs} ms and not told lost`);
    }
  }

  /** From the death of the owner to the word, for a client that was there by then. */
  #waited(at: number, kill: Kill, [first]: readonly Happening[]): number {
    return first !== undefined && first.at <= kill.at ? at - kill.at : 0;
  }

  #killOfOwner(key: string, before: number): Kill | undefined {
    const { starts, kills, clients } = this.#history;
    const own = starts.filter((start) => start.key === key);
    if (own.length > 0) {
      return kills.find(({ pid, at }) => at <= before && own.some((start) => start.pid === pid));
    }
    // Claimed, and killed before it began: one that the key was sent to, and that was killed then.
    this.#lostUnstarted.add(key);
    const asked = clients
      .filter((client) => client.key === key)
      .flatMap(({ happenings }) => happenings)
      .filter((one) => one.what === 'sent' && one.how === 'start');
    return kills.findLast(
      (kill) =>
        kill.at <= before &&
        asked.some((one) => one.what === 'sent' && one.pid === kill.pid && one.at <= kill.at),
    );
  }

  /** The store keeps what it acknowledged, so that a place is lost only with a new start. */
  #cursorWasLost({ key, name }: ClientStory): void {
    this.#cursorLost += 1;
    const { attempt = 1 } = this.#history.lastStates.find((state) => state.key === key) ?? {};
    if (attempt > 1) return;
    this.#violate(
      key,
      'wrong cursor_lost',
      `${name}: its place was lost, and nothing started anew`,
    );
  }

  #violate(key: string | undefined, rule: Rule, detail: string): void {
    this.#violations.push({ key, rule, detail });
  }
}

/** Follows one client: each offset once and in order, with what the work wrote there. */
class Reader {
  readonly #facts: KeyFacts;
  readonly #violate: (rule: Rule, detail: string) => void;
  readonly #key: string;
  #last: Place | undefined;
  #expected = 1;
  #hasOutcome = false;

  constructor(
    { key }: ClientStory,
    facts: KeyFacts,
    violate: (rule: Rule, detail: string) => void,
  ) {
    this.#key = key;
    this.#facts = facts;
    this.#violate = violate;
  }

  take(happening: Happening): void {
    switch (happening.what) {
      case 'sent':
        // The key of a released run starts it anew, whatever was seen of it.
        if (happening.cursor === undefined || happening.cursor.final === 'r') this.#restarted();
        else this.#resumed(happening.cursor);
        return;
      case 'place':
        this.#same(happening.place);
        if (happening.place.offset !== this.#expected - 1) {
          const { offset } = happening.place;
          this.#violate('wrong place', `it goes on from ${offset} and not ${this.#expected - 1}`);
        }
        return;
      case 'event':
        this.#event(happening.place, happening.data);
        return;
      case 'end':
        this.#end(happening.place);
        return;
      case 'nothing more':
        if (this.#last?.final === '' || this.#last === undefined) {
          this.#violate('gap', 'it was told that there is no more before it had the end');
        }
        return;
      case 'result':
        this.#result(happening.run, happening.text);
        return;
      case 'told':
        this.#told(happening.status, happening.code);
        return;
      case 'ended without an end':
        this.#violate(
          'gap',
          `an answer was whole and did not say how it ended: ${happening.detail}`,
        );
        return;
      case 'silence':
        this.#violate('hangs', happening.detail);
        return;
      case 'nonsense':
        this.#violate('unexpected answer', happening.detail);
        return;
      case 'gave up':
        this.#violate('hangs', 'it waited for an end in vain');
    }
  }

  over(): void {
    if (!this.#hasOutcome) this.#violate('hangs', 'it has no end');
  }

  #restarted(): void {
    this.#last = undefined;
    this.#expected = 1;
  }

  #resumed({ offset }: Place): void {
    if (offset === this.#expected - 1) return;
    this.#violate('wrong place', `the client itself went on from ${offset}`);
  }

  #event(place: Place, data: string): void {
    const { plan } = this.#facts;
    const planned = plan.kind === 'sse' ? plan.events[place.offset - 1] : undefined;
    this.#inOrder(place);
    const { epochs } = this.#facts;
    if (!epochs.has(place.epoch) && epochs.add(place.epoch).size > 1) {
      this.#violate('no agreement', 'events came from two starts');
    }
    if (planned?.data !== data) {
      this.#violate('wrong content', `what came at ${place.offset} was not written there`);
    }
    const events = plan.kind === 'sse' ? plan.events.slice(0, place.offset) : [];
    const ownId = events.findLast((event) => event.ownId !== undefined)?.ownId;
    if (place.ownId !== ownId) {
      this.#violate('wrong content', `the handler's id at ${place.offset} came as ${place.ownId}`);
    }
  }

  #end(place: Place): void {
    this.#inOrder(place);
    const { plan } = this.#facts;
    if (place.final === 'l') return;
    // Nobody drains here: only what nobody had begun is given back.
    if (place.final === 'r' && place.offset === 1) return;
    if (place.final !== 'c') {
      this.#violate('unexpected answer', `the run ended as ${place.final || 'nothing'}`);
    } else if (plan.kind === 'sse' && place.offset !== plan.events.length + 1) {
      this.#violate('gap', `it ended at ${place.offset}, and had ${plan.events.length} events`);
    } else this.#outcome('completed');
  }

  #inOrder(place: Place): void {
    this.#same(place);
    const { offset } = place;
    if (offset > this.#expected) {
      this.#violate('gap', `${this.#expected} is missing before ${offset}`);
    } else if (offset < this.#expected) {
      this.#violate('repeated offset', `${offset} came again, and not ${this.#expected}`);
    }
    this.#expected = offset + 1;
    this.#last = place;
  }

  /** A key is one run, whoever asks. */
  #same({ run, epoch }: Place): void {
    this.#oneRun(run);
    if (this.#last !== undefined && this.#last.epoch !== epoch) {
      this.#violate('wrong place', 'the epoch changed within one iteration');
    }
  }

  #oneRun(run: string): void {
    const { runs } = this.#facts;
    if (runs.has(run)) return;
    runs.add(run);
    if (runs.size > 1) this.#violate('no agreement', `the key has ${runs.size} runs`);
  }

  #result(run: string | undefined, text: string): void {
    const { plan } = this.#facts;
    if (run !== undefined) this.#oneRun(run);
    if (plan.kind !== 'json' || text !== textOf(plan)) {
      this.#violate('wrong content', `the result of ${this.#key} is not what was written`);
    }
    this.#outcome('completed');
  }

  #told(status: number, code: string): void {
    if (code === 'lost') this.#outcome('lost');
    else if (code === 'cursor_lost') this.#restarted();
    else if (!(status === 503 && NOT_NOW.has(code))) {
      this.#violate('unexpected answer', `it was told ${status} ${code}`);
    }
  }

  #outcome(outcome: string): void {
    this.#hasOutcome = true;
    this.#facts.outcomes.add(outcome);
  }
}

/** From when to when somebody was there to be told. */
function connectionsOf(happenings: readonly Happening[], until: number): Span[] {
  const all: Span[] = [];
  let from: number | undefined;
  let last = 0;
  for (const { what, at } of happenings.filter((one) => one.at <= until)) {
    if (what === 'sent' && from !== undefined) all.push({ from, to: last });
    if (what === 'sent') from = at;
    last = at;
  }
  if (from !== undefined) all.push({ from, to: last });
  return all;
}

/** How long the store was away in this time, with what it takes to find it again. */
function awayMs(outages: readonly Outage[], from: number, to: number): number {
  let sum = 0;
  let counted = from;
  for (const outage of outages.toSorted((one, other) => one.from - other.from)) {
    const until = Math.min(to, outage.to + RECOVERY_MS);
    sum += Math.max(0, until - Math.max(counted, outage.from));
    counted = Math.max(counted, until);
  }
  return sum;
}
