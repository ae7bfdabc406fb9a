/** What the tests of the engine share: time, a response and chunks that are all in our hands. */
import {
  type AnswerEnd,
  type AnswerHead,
  type BeatFormat,
  type Chunk,
  ClockEntry,
  type FormatName,
  Hold,
  type HoldEvent,
  type HoldEventType,
  type HoldHost,
  type HoldOpenError,
  type HoldOpenOptions,
  HoldRegistry,
  type Lane,
  resolveOptions,
  type Settings,
  SharedBeatClock,
  type Surroundings,
  type Timers,
} from '@holdopen/core';
import fc from 'fast-check';

interface FakeTimer {
  readonly callback: () => void;
  readonly dueMs: number;
  readonly order: number;
}

/** Time that stands still until it is turned. */
export class FakeTimers implements Timers {
  nowMs = 0;
  /** How many timers have been set. */
  count = 0;
  /** What a timer's callback threw, which a runtime would report. */
  readonly thrown: unknown[] = [];
  readonly #timers = new Set<FakeTimer>();

  get pending(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.nowMs;
  }

  set(callback: () => void, delayMs: number): unknown {
    this.count += 1;
    const timer = { callback, dueMs: this.nowMs + Math.max(1, delayMs), order: this.count };
    this.#timers.add(timer);
    return timer;
  }

  clear(handle: unknown): void {
    this.#timers.delete(handle as FakeTimer);
  }

  /** Lets time pass, with every timer in it exactly on time. */
  advance(ms: number): void {
    const endMs = this.nowMs + ms;
    for (;;) {
      const next = [...this.#timers]
        .filter((timer) => timer.dueMs <= endMs)
        .sort((a, b) => a.dueMs - b.dueMs || a.order - b.order)[0];
      if (next === undefined) break;
      this.#timers.delete(next);
      this.nowMs = Math.max(this.nowMs, next.dueMs);
      try {
        next.callback();
      } catch (error) {
        this.thrown.push(error);
      }
    }
    this.nowMs = endMs;
  }

  /** Time passes while the event loop is busy: no timer can run in it. */
  block(ms: number): void {
    this.nowMs += ms;
  }
}

/** Something that left on the wire. */
export interface Sent {
  readonly kind: 'beat' | 'body' | 'ending';
  readonly bytes: Uint8Array;
}

export interface TestOptions extends HoldOpenOptions<string> {
  readonly method?: string;
  readonly held?: FormatName | BeatFormat;
  readonly state?: 'streaming' | 'held';
}

/** One held response in the hands of a test, as an adapter would drive it. */
export class TestResponse extends ClockEntry implements HoldHost<string> {
  readonly request: string = 'the request';
  readonly id = 'test-1';
  readonly method: string;
  readonly route = 'POST /work';
  readonly pattern = '/work/:kind';
  readonly hold: Hold<string>;
  readonly sent: Sent[] = [];
  readonly aborts: HoldOpenError[] = [];
  readonly beatTimesMs: number[] = [];
  clientReady = true;
  ended: 'clean' | 'cut' | undefined;
  finishes = 0;
  readonly #world: World;
  readonly #settings: Settings<string>;
  readonly #firstBeat: () => void;

  constructor(world: World, options: TestOptions) {
    super();
    const { method = 'POST', held = 'json', state = 'held', ...rest } = options;
    this.method = method;
    this.#world = world;
    this.#settings = resolveOptions<string>(rest);
    const format =
      typeof held === 'string' ? this.#settings.formats[held === 'auto' ? 'json' : held] : held;
    this.hold = new Hold(world, this, this.#settings, format, state, world.clock.now());
    this.#firstBeat = () => this.hold.beatDue(world.clock.now());
  }

  get settings(): Settings<string> {
    return this.#settings;
  }

  // What the hold asks of its host.

  ready(): boolean {
    return this.clientReady;
  }

  sendBeat(bytes: Uint8Array): void {
    this.beatTimesMs.push(this.#world.timers.nowMs);
    this.sent.push({ kind: 'beat', bytes });
  }

  finish(text: string, cut: boolean): void {
    this.finishes += 1;
    this.#end([text], cut, 'ending');
  }

  wait(lane: Lane): void {
    this.#world.clock.remove(this);
    lane.add(this);
  }

  stopWaiting(): void {
    this.#world.clock.remove(this);
  }

  abort(reason: HoldOpenError): void {
    this.aborts.push(reason);
  }

  run(callback: () => void): void {
    callback();
  }

  override fire(nowMs: number): void {
    this.hold.beatDue(nowMs);
  }

  // What the test does.

  /** A beat wherever the hold allows one, at once. */
  beat(): this {
    this.#firstBeat();
    return this;
  }

  answer(head: Partial<AnswerHead> = {}): this {
    this.hold.answer({
      status: 200,
      contentType: 'application/json',
      headers: [],
      exposed: undefined,
      ...head,
    });
    return this;
  }

  write(chunk: Chunk): this {
    this.#rearm();
    for (const one of this.hold.write(chunk)) this.#send('body', one);
    return this;
  }

  /** The handler writes into a stream of its own. */
  pass(chunk: Chunk): this {
    this.#send('body', chunk);
    this.hold.passed(chunk);
    this.#rearm();
    return this;
  }

  end(chunk?: Chunk): AnswerEnd {
    const end = this.hold.end(chunk);
    this.#end(end.chunks, end.cut, 'body');
    return end;
  }

  #rearm(): void {
    if (this.hold.over) return;
    this.wait(this.#world.clock.lane(this.#settings.intervalMs));
  }

  #end(chunks: readonly Chunk[], cut: boolean, kind: 'body' | 'ending'): void {
    for (const chunk of chunks) this.#send(kind, chunk);
    this.ended = cut ? 'cut' : 'clean';
  }

  #send(kind: 'body' | 'ending', chunk: Chunk): void {
    if (chunk.length === 0) return;
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : Uint8Array.from(chunk);
    this.sent.push({ kind, bytes });
  }

  /** Everything that left. */
  get wire(): string {
    return decode(concat(this.sent.map(({ bytes }) => bytes)));
  }

  /** Everything that left but the beats. */
  get body(): string {
    return decode(
      concat(this.sent.filter(({ kind }) => kind !== 'beat').map(({ bytes }) => bytes)),
    );
  }

  get beatsSent(): number {
    return this.sent.filter(({ kind }) => kind === 'beat').length;
  }
}

/** A process without I/O. */
export class World implements Surroundings {
  readonly timers = new FakeTimers();
  readonly clock = new SharedBeatClock(this.timers);
  readonly registry = new HoldRegistry();
  readonly events: HoldEvent[] = [];
  readonly warnings: [code: string, message: string][] = [];
  readonly reports: [message: string, error: unknown][] = [];
  readonly observer = {
    wants: () => true,
    notify: (event: HoldEvent) => void this.events.push(event),
  };

  warn(code: string, message: string): void {
    this.warnings.push([code, message]);
  }

  report(message: string, error: unknown): void {
    this.reports.push([message, error]);
  }

  /** A response as it is right after the commit, with its first beat sent. */
  hold(options: TestOptions = {}): TestResponse {
    return new TestResponse(this, options).beat();
  }

  /** A response whose handler began it. */
  stream(options: TestOptions = {}): TestResponse {
    const response = new TestResponse(this, { held: 'sse', ...options, state: 'streaming' });
    response.wait(this.clock.lane(response.settings.intervalMs));
    return response;
  }

  get eventTypes(): HoldEventType[] {
    return this.events.map(({ type }) => type);
  }
}

// --- bytes

const encoder = new TextEncoder();

export function bytesOf(text: string): Uint8Array {
  return encoder.encode(text);
}

export function concat(parts: readonly Chunk[]): Uint8Array {
  return Uint8Array.from(
    Buffer.concat(parts.map((part) => (typeof part === 'string' ? bytesOf(part) : part))),
  );
}

/** As a client decodes it, but with the byte order mark kept, so that nothing goes unseen. */
export function decode(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

/** Whole characters, so that it can leave as a string too. */
function textOrUndefined(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Where to split, and which pieces are to be strings if they can. */
export interface Splitting {
  readonly places: readonly number[];
  readonly strings: readonly boolean[];
}

export const splittings: fc.Arbitrary<Splitting> = fc.record({
  places: fc.array(fc.nat({ max: 10_000 }), { maxLength: 12 }),
  strings: fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }),
});

/** Splits a body anywhere, also inside a character. */
export function split(body: Uint8Array, { places, strings }: Splitting): Chunk[] {
  const cuts = places.map((place) => place % (body.length + 1)).sort((a, b) => a - b);
  const edges = [0, ...cuts, body.length];
  return edges.slice(1).map((end, i) => {
    const piece = body.slice(edges[i], end);
    return strings[i % strings.length] === true ? (textOrUndefined(piece) ?? piece) : piece;
  });
}

/** Every way to split a body into two, once as bytes and once as strings where they can be. */
export function* everySplit(body: Uint8Array): Generator<Chunk[]> {
  for (let place = 0; place <= body.length; place++) {
    for (const strings of [[false], [true], [true, false]]) {
      yield split(body, { places: [place], strings });
    }
  }
  yield [...body].map((byte) => Uint8Array.of(byte));
}

// --- JSON

export function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const SPACES = ['', '', '', ' ', '\n', '\r\n', '\t', '  ', '\r'];

/** Writes a JSON value as some other writer might: with white space and escapes anywhere. */
function printJson(value: unknown, next: () => number): string {
  const space = (): string => SPACES[next() % SPACES.length] as string;
  const escaped = (character: string): string =>
    [...Array(character.length).keys()]
      .map((i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`)
      .join('');
  const string = (text: string): string => {
    const characters = [...text].map((character) =>
      next() % 6 === 0 ? escaped(character) : JSON.stringify(character).slice(1, -1),
    );
    return `"${characters.join('')}"`;
  };
  const print = (part: unknown): string => {
    if (typeof part === 'string') return string(part);
    if (typeof part !== 'object' || part === null) return JSON.stringify(part);
    const members = Array.isArray(part)
      ? part.map((item) => space() + print(item) + space())
      : Object.entries(part).map(
          ([key, item]) => `${space()}${string(key)}${space()}:${space()}${print(item)}${space()}`,
        );
    const inner = members.length === 0 ? space() : members.join(',');
    return Array.isArray(part) ? `[${inner}]` : `{${inner}}`;
  };
  return print(value);
}

/** JSON texts of every shape: objects, arrays, strings, numbers and literals. */
export const jsonTexts: fc.Arbitrary<string> = fc
  .tuple(
    fc.oneof(
      fc.jsonValue({ maxDepth: 3, stringUnit: 'binary' }),
      fc.dictionary(fc.string({ unit: 'binary', maxLength: 4 }), fc.jsonValue({ maxDepth: 2 })),
      fc.string({ unit: fc.constantFrom('"', '\\', '{', '}', '\n', 'é', '𝄞', '\ufeff', ' ', 'a') }),
      fc.constantFrom(null, true, false, 0, -1.5e300, 1e-7, 12345),
    ),
    fc.array(fc.nat({ max: 1_000 }), { minLength: 1, maxLength: 40 }),
  )
  .map(([value, numbers]) => {
    let at = 0;
    return printJson(value, () => numbers[at++ % numbers.length] as number);
  });

export const jsonSpace: fc.Arbitrary<string> = fc.string({
  unit: fc.constantFrom(' ', '\n', '\r', '\t'),
  maxLength: 5,
});
