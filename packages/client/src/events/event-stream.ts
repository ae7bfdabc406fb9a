import type { EventSourceMessage } from 'eventsource-parser';
import type { Call } from '../call.js';
import type { HoldOpenError } from '../errors.js';
import { Patience, pursue } from '../retry/pursue.js';
import { type Cursor, parseCursor } from '../run/cursor.js';
import type { RunPlace } from '../run/place.js';
import { Failure } from '../transport/failure.js';
import { readProblem } from '../wire/problem.js';
import { Connection } from './connection.js';
import { openStream } from './open.js';
import { CURSOR_LOST, restarted, toldFailure } from './told-failure.js';

/** One event, as its server meant it. */
export interface HoldEvent extends EventSourceMessage {
  /** Where to go on behind it: the `Last-Event-ID`. `id` is the application's own then. */
  cursor?: string;
}

const DONE = { done: true, value: undefined } as const;

/** Events over as many connections as it takes, each of a run's exactly once and in order. */
export class EventStream implements AsyncIterableIterator<HoldEvent, undefined> {
  readonly #call: Call;
  readonly #patience: Patience;
  readonly #isTerminal: ((event: HoldEvent) => boolean) | undefined;
  /** Whoever leaves does not wait for a head either, or between two attempts. */
  readonly #left = new AbortController();
  #connection: Connection | undefined;
  #queue: HoldEvent[] = [];
  #at = 0;
  /** What comes when the queue is empty. `thrown`: by the user's own code. */
  #end: 'over' | Failure | HoldOpenError | { readonly thrown: unknown } | undefined;
  #isDone = false;
  #isPrepared = false;
  /** How many events were received. */
  #count = 0;
  /** The run, and which start of it, that the events are of. */
  #log: string | undefined;
  /** The last event that was given out. */
  #given: string | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(call: Call, isTerminal: ((event: HoldEvent) => boolean) | undefined) {
    this.#call = call;
    this.#patience = new Patience(call);
    this.#isTerminal = isTerminal;
    const { signal } = this.#left;
    call.signal = call.signal ? AbortSignal.any([call.signal, signal]) : signal;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<HoldEvent, undefined>> {
    const value = this.#queue[this.#at];
    if (value !== undefined && !this.#call.isPersistent) {
      this.#at += 1;
      return Promise.resolve({ done: false, value });
    }
    const turn = this.#turn.then(() => this.#next());
    this.#turn = turn.catch(() => {});
    return turn;
  }

  /** Ends the watching, and nothing on the server. */
  async return(): Promise<{ done: true; value: undefined }> {
    this.#isDone = true;
    this.#queue = [];
    const closed = this.#connection?.close();
    this.#left.abort();
    await closed;
    return DONE;
  }

  async #next(): Promise<IteratorResult<HoldEvent, undefined>> {
    try {
      // Who asks for the next has handled the last.
      if (this.#given !== undefined) await this.#call.persist(this.#given);
      while (!this.#isDone) {
        const value = this.#queue[this.#at];
        if (value !== undefined) {
          this.#at += 1;
          this.#given = value.cursor;
          return { done: false, value };
        }
        this.#queue = [];
        this.#at = 0;
        await this.#advance();
      }
      await this.#connection?.close();
      return DONE;
    } catch (error) {
      this.#isDone = true;
      await this.#connection?.close();
      if (this.#left.signal.aborted) return DONE;
      throw error;
    }
  }

  /** One step towards the next event, or the end. */
  async #advance(): Promise<void> {
    const call = this.#call;
    if (this.#end === 'over') {
      this.#isDone = true;
      await this.#connection?.close();
      await call.settle(200);
    } else if (this.#end instanceof Failure) {
      const failure = this.#end;
      this.#end = undefined;
      await this.#connection?.close();
      this.#connection = undefined;
      if (this.#count > 0 && !call.goesOn) await this.#mayBeginAgain(failure);
      await this.#patience.after(failure);
    } else if (this.#end !== undefined) {
      if ('thrown' in this.#end) throw this.#end.thrown;
      // A page that is loaded again begins where the new work does.
      if (this.#end.code === 'HOLDOPEN_RESTARTED') await call.persist(undefined, true);
      throw call.failed(this.#end);
    } else if (this.#connection === undefined) {
      await this.#open();
    } else {
      await this.#read(this.#connection);
    }
  }

  /**
   * Nothing says where to go on: what is asked for again begins again. That is how streams of news work;
   * what was made for this request would be given, and done, twice.
   */
  async #mayBeginAgain(failure: Failure): Promise<void> {
    if (this.#call.outgoing.method !== 'GET') throw await this.#call.giveUp(failure);
    if (this.#patience.isStable(failure)) this.#patience.renew();
  }

  async #open(): Promise<void> {
    const call = this.#call;
    if (!this.#isPrepared) {
      await call.prepare();
      this.#isPrepared = true;
      const { cursor = '' } = call;
      this.#log = parseCursor(cursor)?.log;
      // Those that the page before this one has handled.
      if (!/^(?:ho1.*\.0)?$/.test(cursor)) this.#count = 1;
    }
    const stream = await pursue(call, this.#patience, () => openStream(call));
    if (stream === undefined) {
      this.#end = 'over';
      return;
    }
    if (stream === 'anew') {
      this.#beginAnew(call.place);
      return;
    }
    call.report({ state: 'live' });
    this.#connection = new Connection(
      stream,
      (event) => this.#receive(event),
      (retryMs) => {
        this.#patience.retryMs = retryMs;
      },
    );
  }

  async #read(connection: Connection): Promise<void> {
    const count = this.#count;
    let failure: Failure | undefined;
    try {
      const isOpen = await connection.read();
      if (this.#count > count && this.#call.goesOn) this.#patience.renew();
      if (isOpen) return;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      failure = error;
    }
    const place = connection.lastPlace;
    if (place !== undefined && this.#accepts(parseCursor(place))) this.#call.cursor = place;
    this.#end ??= failure ?? this.#endOf(connection);
  }

  /** What an end that HTTP calls one is. */
  #endOf(connection: Connection): 'over' | Failure {
    const call = this.#call;
    const final = parseCursor(call.cursor ?? '')?.final;
    const isRun = call.place !== undefined || final !== undefined;
    const isDrained = connection.saysComeBack && call.outgoing.method === 'GET';
    const isOver = isRun ? final !== undefined && final !== '' : !this.#isTerminal && !isDrained;
    if (isOver) return 'over';
    const failure = new Failure('closed', true);
    failure.bytes = connection.bytes;
    return failure;
  }

  #receive(event: EventSourceMessage): void {
    if (this.#end !== undefined) return;
    const call = this.#call;
    const { id } = event;
    const cursor = id === undefined ? undefined : parseCursor(id);
    if (!this.#accepts(cursor)) {
      this.#beginAnew();
      return;
    }
    if (id !== undefined) call.cursor = id;
    if (event.event === 'error' && this.#isTold(event, cursor)) return;
    const given: HoldEvent = event;
    if (id !== undefined) given.cursor = id;
    if (cursor !== undefined) given.id = cursor.ownId;
    this.#count += 1;
    this.#queue.push(given);
    try {
      if (this.#isTerminal?.(given)) this.#end = 'over';
    } catch (thrown) {
      this.#end = { thrown };
    }
  }

  /** Whether a place is of the work that was read so far. */
  #accepts(cursor: Cursor | undefined): boolean {
    if (cursor === undefined) return true;
    const isSame = this.#log === undefined || this.#log === cursor.log;
    // Nobody has seen anything of the other.
    if (isSame || this.#count === 0) this.#log = cursor.log;
    return this.#log === cursor.log;
  }

  /** Whether an error event is a failure that the server tells, and not an event of the application. */
  #isTold(event: EventSourceMessage, cursor: Cursor | undefined): boolean {
    const call = this.#call;
    const problem = readProblem(event.data);
    const lateStatus = this.#connection?.lateStatus ?? 200;
    const isOfRun = (call.place ?? cursor) !== undefined && problem?.code !== undefined;
    if (lateStatus < 300 && !(isOfRun && problem.status !== undefined)) return false;
    const status = problem?.status ?? lateStatus;
    const isFinal = cursor !== undefined && cursor.final !== '';
    if (isFinal && cursor.final === 'r') this.#beginAnew();
    // It cannot be told right now, or not to who asked with a login that has expired since; or not from
    // here: who asks again is told whether another start has the log, or nobody.
    else if (
      isOfRun &&
      !isFinal &&
      (status === 503 || status === 403 || problem.code === CURSOR_LOST)
    ) {
      this.#end = new Failure('closed', true);
    } else this.#end = toldFailure(call, status, problem);
    return true;
  }

  /** The work was given up: under its key it begins again, or has at `place`, and its events do. */
  #beginAnew(place?: RunPlace): void {
    const call = this.#call;
    call.cursor = undefined;
    call.place = place;
    this.#log = undefined;
    // Nobody has seen anything of what was given up.
    const isUnseen = this.#count === 0 && (call.key ?? place) !== undefined;
    this.#end = isUnseen ? new Failure('closed', true) : restarted(call);
    this.#given = undefined;
  }
}
