import {
  type BeatFormat,
  type Chunk,
  ClockEntry,
  countUntouched,
  Hold,
  type HoldHost,
  type HoldOpenError,
  type Lane,
} from '@holdopen/core';
import type { Candidate } from './choose-format.js';
import type { Decoded } from './decode.js';
import { type BodyTaker, HandlerBody } from './handler-body.js';
import { type BodyOwner, HeldBody } from './held-body.js';
import type { MountedSettings } from './mounted.js';
import { registry, surroundings } from './surroundings.js';

const { clock } = surroundings;

/** Whose response it is. */
export interface HoldOwner<Subject> extends Candidate<Subject> {
  readonly id: string;
  readonly method: string;
  /** Names the route in warnings. */
  readonly route: string;
  /** Its pattern, where somebody knows it. */
  readonly pattern: string | undefined;
  /** Fires the handler's signal. */
  abort(reason: HoldOpenError): void;
  /** The first beat of a response that its handler began: from now on it is looked after. */
  adopt(): void;
}

/**
 * One response with beats in its gaps: bytes come in from the handler's body, pass the hold, and leave
 * by the body that the client reads.
 */
export class HeldResponse<Subject>
  extends ClockEntry
  implements HoldHost<Subject>, BodyOwner, BodyTaker
{
  readonly hold: Hold<Subject>;
  /** Why the handler was told to stop, if it was. */
  stopReason: HoldOpenError | undefined;
  readonly #owner: HoldOwner<Subject>;
  readonly #out: HeldBody = new HeldBody(this);
  #in: HandlerBody | undefined;
  #decoded: Decoded | undefined;
  /**
   * How the handler's bytes leave. `untold`: they would pass, but none has come. `passing`: they pass.
   * `through-hold`: beats came first, so the hold says what becomes of them.
   */
  #way: 'untold' | 'passing' | 'through-hold';
  #adopted: boolean;
  #beatLane: Lane;
  #sendsFirstBeat = false;
  /** How the handler's own body failed, where nothing was added to it. */
  #ownFailure: { readonly error: unknown } | undefined;

  constructor(
    owner: HoldOwner<Subject>,
    format: BeatFormat,
    state: 'streaming' | 'held',
    silentSinceMs: number,
  ) {
    super();
    const { settings, beatLane } = owner.mounted;
    this.#owner = owner;
    this.#beatLane = beatLane;
    this.#way = state === 'held' ? 'through-hold' : 'untold';
    this.#adopted = state === 'held';
    this.hold = new Hold(surroundings, this, settings, format, state, silentSinceMs);
  }

  /** What goes out in place of the handler's body. */
  get stream(): ReadableStream<Uint8Array> {
    return this.#out.stream;
  }

  /** The head is on its way, and this goes with it. */
  sendFirstBeat(nowMs: number): void {
    this.#sendsFirstBeat = true;
    this.fire(nowMs);
    this.#sendsFirstBeat = false;
  }

  /**
   * From here the payload comes.
   * @throws TypeError if somebody else reads it.
   */
  takeFrom(body: ReadableStream<unknown>, decoded?: Decoded): void {
    this.#in = new HandlerBody(body, this);
    this.#decoded = decoded;
    if (this.#out.isWanted) this.#in.next();
  }

  /** Bytes have left: silence begins anew. */
  rearm(): void {
    if (!this.hold.over && this.#owner.mounted.settings.enabled) this.wait(this.#beatLane);
  }

  /** Mounted again: the interval that the client was told may become shorter, but not longer. */
  remount(mounted: MountedSettings<Subject>): MountedSettings<Subject> {
    const within = mounted.withinInterval(this.hold.intervalMs);
    const { settings, beatLane } = within;
    this.hold.useSettings(settings);
    this.#beatLane = beatLane;
    const isWaiting = this.next !== undefined || this.timer !== undefined;
    const isDueLater = this.dueMs > clock.now() + beatLane.delayMs;
    if (!settings.enabled) this.stopWaiting();
    else if (!this.hold.over && (!isWaiting || isDueLater)) this.wait(beatLane);
    return within;
  }

  /** The request says that its client has left. */
  clientLeft(): void {
    if (this.hold.over) return;
    this.left();
    this.#out.abandon(this.#cutError());
  }

  // --- what the hold asks of us

  get request(): Subject {
    return this.#owner.request;
  }

  get id(): string {
    return this.#owner.id;
  }

  get method(): string {
    return this.#owner.method;
  }

  get route(): string {
    return this.#owner.route;
  }

  get pattern(): string | undefined {
    return this.#owner.pattern;
  }

  ready(): boolean {
    return this.#sendsFirstBeat || this.#out.isWanted;
  }

  sendBeat(bytes: Uint8Array): void {
    this.#out.send(bytes);
  }

  finish(text: string, cut: boolean): void {
    if (this.#ownFailure !== undefined) this.#out.fail(this.#ownFailure.error);
    else this.#leave(text === '' ? [] : [text], cut);
  }

  wait(lane: Lane): void {
    clock.remove(this);
    lane.add(this);
  }

  stopWaiting(): void {
    clock.remove(this);
  }

  abort(reason: HoldOpenError): void {
    this.stopReason = reason;
    this.#owner.abort(reason);
    this.#in?.cancel(reason);
  }

  run(callback: () => void): void {
    this.#owner.run(callback);
  }

  // --- what the client does

  wanted(): void {
    this.#in?.next();
  }

  left(): void {
    this.hold.disconnected();
    if (this.#owner.mounted.settings.onDisconnect === 'continue') this.#in?.finishUnseen();
  }

  // --- what the handler's body does

  took(chunk: Chunk): void {
    try {
      if (chunk.length > 0 && this.#pass(chunk)) this.rearm();
      // What stayed back is no answer to whoever waits.
      if (this.#out.isWanted) this.#in?.next();
    } catch (error) {
      this.#broke(error);
    }
  }

  ended(): void {
    try {
      this.#end();
    } catch (error) {
      this.#broke(error);
    }
  }

  failed(error: unknown): void {
    try {
      this.#fail(error);
    } catch (worse) {
      this.#broke(worse);
    }
  }

  // --- time

  fire(nowMs: number): void {
    try {
      this.#beatDue(nowMs);
    } catch (error) {
      // A format of the user's own has failed. There are no more beats; the payload comes all the same.
      surroundings.report(`${this.route}: could not be held`, error);
    }
  }

  #beatDue(nowMs: number): void {
    if (!this.#adopted) {
      if (registry.occupied >= this.#owner.mounted.settings.maxHolds) {
        this.hold.pass();
        countUntouched(surroundings, 'max_holds', this);
        return;
      }
      this.#adopted = true;
      this.#owner.adopt();
    }
    // Beats before the first byte: the body's own mark would not be at its start any more.
    if (this.#way === 'untold' && this.ready()) {
      this.#way = 'through-hold';
      this.hold.guardBody();
    }
    // It is the client that is silent: the handler's body is not even asked.
    if (this.#in?.isIdle === true) this.hold.touch();
    if (registry.drained) this.hold.drain(0, registry.retryAfterSeconds);
    if (!this.hold.over) this.hold.beatDue(nowMs);
  }

  /** Gives whether anything left. */
  #pass(chunk: Chunk): boolean {
    if (this.#way !== 'through-hold') {
      this.#way = 'passing';
      if (!this.hold.over) this.hold.passed(chunk);
      this.#out.send(chunk);
      return true;
    }
    if (this.hold.over) return false;
    const chunks = this.hold.write(chunk);
    for (const one of chunks) this.#send(one);
    return chunks.length > 0;
  }

  #end(): void {
    if (this.#way !== 'through-hold') {
      this.hold.completed();
      this.#out.close();
    } else if (!this.hold.over) {
      const { chunks, cut } = this.hold.end(undefined);
      this.#leave(chunks, cut);
    }
  }

  #fail(error: unknown): void {
    const failure = this.#decoded?.failure();
    if (this.#decoded !== undefined && failure === undefined) {
      this.hold.undecodable('The payload did not match its content coding.');
    } else if (this.hold.state === 'untouched') {
      this.#out.fail(error);
    } else {
      if (this.hold.state === 'streaming' && this.hold.beats === 0) this.#ownFailure = { error };
      this.hold.threw(failure === undefined ? error : failure.error);
    }
  }

  #leave(chunks: readonly Chunk[], cut: boolean): void {
    for (const chunk of chunks) this.#send(chunk);
    if (cut) this.#out.cut(this.#cutError());
    else this.#out.close();
  }

  #send(chunk: Chunk): void {
    if (typeof chunk === 'string') this.#out.sendText(chunk);
    else this.#out.send(chunk);
  }

  /** With this code @hono/node-server destroys the connection, with others it writes into the body. */
  #cutError(): Error {
    const what = 'holdopen: the answer failed after its head had been sent, so it was cut';
    return Object.assign(new Error(what), { code: 'ERR_STREAM_PREMATURE_CLOSE' });
  }

  /** A format of the user's own threw; it may throw once more where the failure is to be written. */
  #broke(error: unknown): void {
    this.#in?.cancel(error);
    try {
      this.hold.threw(error);
    } catch {
      surroundings.report(`${this.route}: could not be held`, error);
      this.hold.disconnected();
      this.#out.fail(this.#cutError());
    }
  }
}
