import { AsyncResource } from 'node:async_hooks';
import { type IncomingMessage, ServerResponse } from 'node:http';
import {
  countUntouched,
  Hold,
  type HoldHandle,
  type HoldHost,
  HoldOpenError,
  type HoldState,
  type Lane,
  Lifeline,
  newHoldId,
  type UntouchedReason,
} from '@holdopen/core';
import { watchConnection } from './before-turn.js';
import { formatOfBegun, formatOfSilent } from './choose-format.js';
import { commitHead, refuse } from './commit.js';
import { cutResponse, type RealResponse } from './cut.js';
import { dropVisibly } from './drop.js';
import { writeFramed } from './framed-beat.js';
import type { Framework } from './framework.js';
import { HeldBody, OwnHead, REFUSED, toChunk } from './held-body.js';
import { endConnectionAfter } from './last-response.js';
import {
  type EndFunction,
  type HeldResponse,
  hasConnection,
  isClosed,
  isComplete,
  isOver,
  isReady,
  socketOf,
  type WriteFunction,
} from './message.js';
import type { MountedSettings } from './mounted.js';
import { patternOf } from './pattern.js';
import type { PrototypeHooks } from './prototype-hooks.js';
import { routeOf } from './route.js';
import { asConnection, facesOf } from './run/faces.js';
import { sentHeaders } from './sent-head.js';
import { registry, surroundings } from './surroundings.js';
import {
  keepTaker,
  onResponseClose,
  putFunctions,
  type TakenResponse,
  Taker,
  takerOf,
} from './taker.js';
import { Upload } from './upload.js';
import { VirtualHead } from './virtual-head.js';

const { clock } = surroundings;
const { process } = globalThis;

/** Remaining times are rounded up to this, so that there are few lanes. */
const REMOUNT_GRAIN_MS = 25;

/** Whatever else stands in its place is some middleware's, which may encode what is written. */
const NATIVE_WRITE: unknown = ServerResponse.prototype.write;

/**
 * Watches one response. Until the first beat it is all there is: a place in the clock, the two
 * functions it stands in for, and a handle for the handler. Nothing else is touched.
 */
export class Arm extends Taker implements HoldHandle, HoldHost<IncomingMessage> {
  readonly request: IncomingMessage;
  readonly res: TakenResponse;
  mounted: MountedSettings;
  /** What a framework knows of the response and the response does not. */
  framework: Framework | undefined;
  /** compression() or its like stands between us and the socket. */
  readonly encodedBelow: boolean;
  /** It is watched by its prototype's functions, not by its own. */
  readonly hooks: PrototypeHooks | undefined;
  readonly #write: WriteFunction;
  readonly #end: EndFunction;
  #hold: Hold<IncomingMessage> | undefined;
  /** What the handler sees once its head has been sent in its place. */
  #head: VirtualHead | undefined;
  /** The handler has sent its head itself. */
  #ownHead: OwnHead | undefined;
  #body: HeldBody | undefined;
  /**
   * Why the response passes, once it does. `'ended'`: its handler has ended it. `'left'`: its client
   * has left. `'broken'`: some code that ran in our place has failed, and we keep away from it.
   */
  #passes: UntouchedReason | 'off' | 'ended' | 'left' | 'broken' | undefined;
  /** The request's own async context, for user code that the clock sets going. */
  readonly #context = new AsyncResource('holdopen');
  /** What the handler gave back. */
  #result: unknown;
  #resultIsLast = false;
  /** The handler has failed, and whoever called it has until the next beat to answer in its place. */
  #rejection: { readonly error: unknown; readonly state: HoldState } | undefined;
  #upload: Upload | undefined;
  #lifeline: Lifeline | undefined;
  #watchesClose = false;
  /** When the silence began, for mounts that come later. */
  #startMs: number | undefined;
  /** The first beat was due, so that the response is ours to look after. */
  #adopted = false;
  #committing = false;
  #leastFirstBeatMs = 0;
  #touchedMs: number | undefined;
  #id: string | undefined;

  constructor(
    req: IncomingMessage,
    res: TakenResponse,
    mounted: MountedSettings,
    hooks: PrototypeHooks | undefined,
  ) {
    super();
    this.request = req;
    this.res = res;
    this.mounted = mounted;
    this.hooks = hooks;
    this.#write = hooks === undefined ? res.write : hooks.realWrite;
    this.#end = hooks === undefined ? res.end : hooks.realEnd;
    this.encodedBelow = this.#write !== NATIVE_WRITE && typeof res.flush === 'function';
  }

  // --- the handler's handle

  get signal(): AbortSignal {
    this.#watchClose();
    return this.#line().signal;
  }

  touch(): void {
    if (this.#hold === undefined) this.#touchedMs = clock.now();
    else this.#hold.touch();
  }

  get id(): string {
    this.#id ??= newHoldId();
    return this.#id;
  }

  get state(): HoldHandle['state'] {
    if (this.#hold !== undefined) return this.#hold.state;
    if (this.#passes === undefined) return 'waiting';
    if (this.#passes === 'ended') return 'complete';
    if (this.#passes === 'left') return 'gone';
    return this.#passes === 'off' ? 'off' : 'untouched';
  }

  // --- what the hold asks of us

  get method(): string {
    return this.request.method ?? 'GET';
  }

  get route(): string {
    return routeOf(this.request, this.framework?.route);
  }

  get pattern(): string | undefined {
    return patternOf(this.request, this.framework?.route);
  }

  ready(): boolean {
    // The first beat goes with the head, which is all that can be in its way.
    return this.#committing ? !isOver(this.res) : isReady(this.res);
  }

  sendBeat(bytes: Uint8Array): void {
    const isNative = !this.#committing && this.#write === NATIVE_WRITE;
    if (isNative && writeFramed(this.res, bytes)) return;
    const head = this.#face();
    head.enter();
    try {
      this.#write.call(this.res, bytes);
      if (this.encodedBelow) this.res.flush?.();
    } finally {
      head.leave();
    }
  }

  finish(text: string, cut: boolean, status: number | undefined): void {
    const head = this.#face();
    // For the log lines and spans that are written at the end.
    if (this.#head !== undefined && status !== undefined) this.res.statusCode = status;
    head.enter();
    head.end();
    try {
      if (!cut && registry.draining) endConnectionAfter(this.res);
      if (cut) cutResponse(this.#realResponse(), text === '' ? [] : [text]);
      else if (text === '') this.#end.call(this.res);
      else this.#end.call(this.res, text);
    } finally {
      head.leave();
    }
  }

  /** Our own calls come by `write` and `end` again, and must be told from the handler's. */
  #face(): VirtualHead | OwnHead {
    if (this.#head !== undefined) return this.#head;
    this.#ownHead ??= new OwnHead();
    return this.#ownHead;
  }

  wait(lane: Lane): void {
    clock.remove(this);
    lane.add(this);
  }

  /** Bytes have left: silence begins anew. */
  rearm(): void {
    if (this.mounted.settings.enabled) this.wait(this.mounted.beatLane);
  }

  stopWaiting(): void {
    clock.remove(this);
  }

  abort(reason: HoldOpenError): void {
    this.#line().abort(reason);
  }

  run(callback: () => void): void {
    this.#context.runInAsyncScope(callback);
  }

  #line(): Lifeline {
    this.#lifeline ??= new Lifeline((callback) => this.run(callback));
    return this.#lifeline;
  }

  // --- what the handler writes

  /** Stands in for `res.write`. */
  onWrite(args: unknown[]): boolean {
    const body = this.#body ?? this.#heldBody();
    if (body !== undefined) return body.write(args);
    if (this.#ownHead?.inside === true) return this.#write.apply(this.res, args);
    if (this.#dropped(args)) return true;
    const accepted = this.#write.apply(this.res, args);
    if (this.#passes === undefined) this.#follow(args[0], args[1]);
    return accepted;
  }

  /** Stands in for `res.end`. */
  onEnd(args: unknown[]): HeldResponse {
    const body = this.#body ?? this.#heldBody();
    if (body !== undefined) return body.end(args);
    if (this.#ownHead?.inside === true) return this.#end.apply(this.res, args);
    if (this.#dropped(args)) return this.res;
    clock.remove(this);
    this.#passes ??= 'ended';
    const result = this.#end.apply(this.res, args);
    this.#hold?.completed();
    return result;
  }

  /** Mounted again on the same response: one hold, and the innermost options win. */
  remount(mounted: MountedSettings): void {
    asConnection(this.res, () => this.#remount(mounted));
  }

  /** Whatever `firstBeatMs` says, also of a mount behind: the head must wait for so long. */
  withhold(leastMs: number | undefined): void {
    if (leastMs === undefined) return;
    this.#leastFirstBeatMs = leastMs;
    this.remount(this.mounted);
  }

  #remount(given: MountedSettings): void {
    const mounted = given.withFirstBeatAfter(this.#leastFirstBeatMs);
    this.#startMs ??= this.dueMs - this.mounted.firstLane.delayMs;
    if (!this.res.headersSent && this.#hasLostHooks()) this.#useOwnFunctions();
    const { settings } = mounted;
    if (!settings.enabled) clock.remove(this);
    if (this.#hold !== undefined) {
      this.#remountHold(this.#hold, mounted);
      return;
    }
    this.mounted = mounted;
    if (!settings.enabled) {
      this.#passes ??= 'off';
    } else if (this.#passes !== 'ended' && this.#passes !== 'left' && !this.res.headersSent) {
      // What was untouched by the rules of an outer mount may be held by this one's.
      this.#passes = undefined;
      if (this.#upload === undefined) this.#waitSince(this.#startMs);
    }
  }

  /** The head has told the client an interval, which may become shorter but not longer. */
  #remountHold(hold: Hold<IncomingMessage>, mounted: MountedSettings): void {
    this.mounted = mounted.withinInterval(hold.intervalMs);
    const { settings, beatLane } = this.mounted;
    hold.useSettings(settings);
    if (hold.over || !settings.enabled) return;
    const isWaiting = this.next !== undefined;
    if (!isWaiting || this.dueMs > clock.now() + beatLane.delayMs) this.wait(beatLane);
  }

  /** The silence has lasted for a while when these options come in. */
  #waitSince(startMs: number): void {
    const { settings, firstLane } = this.mounted;
    const dueMs = startMs + settings.firstBeatMs;
    const isRight = this.dueMs >= dueMs && this.dueMs < dueMs + REMOUNT_GRAIN_MS;
    if (this.next !== undefined && isRight) return;
    const leftMs = dueMs - clock.now();
    const grain = Math.max(1, Math.ceil(leftMs / REMOUNT_GRAIN_MS)) * REMOUNT_GRAIN_MS;
    this.wait(grain < firstLane.delayMs ? clock.lane(grain) : firstLane);
  }

  /**
   * What the handler gave back. A promise is looked at only if the response is held. `isLast`: the
   * server called it, and nobody else answers if it fails.
   */
  returned(result: unknown, isLast: boolean): void {
    if (result === undefined) return;
    this.#result = result;
    this.#resultIsLast = isLast;
    // Whoever called the handler listens first, and may answer in its place.
    if (this.#adopted) process.nextTick(() => this.#followResult());
  }

  /** The handler threw at once. That goes its way, and is known if the response is held after all. */
  threw(error: unknown, isLast: boolean): void {
    const failed = Promise.reject(error);
    failed.catch(() => {});
    this.returned(failed, isLast);
  }

  /** The response has closed. */
  onClose(): void {
    clock.remove(this);
    const hold = this.#hold;
    if (hold !== undefined) {
      if (!hold.over) hold.disconnected();
      return;
    }
    const complete = this.#passes === 'ended' || isComplete(this.res);
    this.#passes = complete ? 'ended' : 'left';
    if (complete || this.mounted.settings.onDisconnect !== 'abort') return;
    this.abort(
      new HoldOpenError('HOLDOPEN_DISCONNECTED', 'The client left before it was answered.'),
    );
  }

  /** A stream that holdopen has ended: what its handler still writes goes nowhere. */
  #dropped(args: readonly unknown[]): boolean {
    if (this.#hold?.state !== 'failed') return false;
    const callback = args.find((arg) => typeof arg === 'function');
    if (callback !== undefined) process.nextTick(callback as () => void);
    return true;
  }

  /** What becomes of a held body. Made when the handler writes, for until then thousands may wait. */
  #heldBody(): HeldBody | undefined {
    if (this.#head === undefined || this.#hold === undefined) return undefined;
    this.#body = new HeldBody(this, this.#hold, this.#head, this.#realResponse());
    return this.#body;
  }

  #realResponse(): RealResponse {
    return {
      res: this.res,
      write: this.#write,
      end: this.#end,
      encodedBelow: this.encodedBelow && this.#head === undefined,
    };
  }

  // --- time

  fire(nowMs: number): void {
    const faces = facesOf(this.res);
    if (faces === undefined) this.#due(nowMs);
    else faces.inside(() => this.#due(nowMs));
  }

  #due(nowMs: number): void {
    try {
      if (this.#hold === undefined) this.#firstBeatDue(nowMs);
      else if (isOver(this.res) || !hasConnection(this.res)) this.onClose();
      else this.#beatDue(this.#hold, nowMs);
    } catch (error) {
      this.#giveUp(error);
    }
  }

  #firstBeatDue(nowMs: number): void {
    const { res, mounted } = this;
    // Another app has taken the response over, and what has been written since is not known.
    if (res.headersSent && this.#hasLostHooks()) this.#passes ??= 'type';
    if (this.#passes !== undefined) {
      if (isReason(this.#passes)) this.#countUntouched(this.#passes);
    } else if (res.writableEnded) {
      this.#passes = 'ended';
    } else if (isOver(res) || this.request.socket?.destroyed) {
      this.onClose();
    } else if (!hasConnection(res) || res.writableCorked > 0) {
      this.wait(mounted.firstLane);
    } else if (!this.#isBodyIn()) {
      // Silence begins when the body has come in.
    } else if (res.headersSent) {
      const hold = this.#beginStream(nowMs);
      if (hold === undefined) {
        this.#firstBeatDue(nowMs);
        return;
      }
      hold.guardBody();
      this.#ownHead = new OwnHead();
      this.#body = new HeldBody(this, hold, this.#ownHead, this.#realResponse());
      this.#beatDue(hold, nowMs);
    } else {
      this.#commit(nowMs);
    }
  }

  /** Its prototype, or the request that it names, is not the one that it was. */
  #hasLostHooks(): boolean {
    if (this.hooks === undefined || Object.hasOwn(this.res, 'write')) return false;
    return this.res.write !== this.hooks.write || takerOf(this.res) !== this;
  }

  /** For a run, whose work the request's handle belongs to from now on. */
  standApart(): void {
    this.#useOwnFunctions();
  }

  /** What it waits for has failed. Gives whether it tells the client. */
  failed(): boolean {
    return this.#adopted && this.#hold?.over === false;
  }

  #useOwnFunctions(): void {
    keepTaker(this.res, this);
    putFunctions(this.res);
  }

  #beatDue(hold: Hold<IncomingMessage>, nowMs: number): void {
    if (!this.#adopted) {
      if (registry.occupied >= this.mounted.settings.maxHolds) {
        hold.pass();
        this.#countUntouched('max_holds');
        return;
      }
      this.#adoptStream();
    }
    // In another state somebody has begun to answer in the handler's place.
    if (this.#rejection?.state === hold.state) hold.threw(this.#rejection.error);
    else if (registry.drained) hold.drain(0, registry.retryAfterSeconds);
    if (!hold.over) hold.beatDue(nowMs);
  }

  #isBodyIn(): boolean {
    this.#upload ??= new Upload();
    const seen = this.#upload.look(this.request);
    if (seen === 'is-in') this.#upload = undefined;
    else this.wait(seen === 'arriving' ? this.mounted.uploadLane : this.mounted.firstLane);
    return seen === 'is-in';
  }

  /** Sends the head in the handler's place; from here on it sees a virtual response. */
  #commit(nowMs: number): void {
    const { res, request, mounted } = this;
    const framework = this.#inContext(() => [...(this.framework?.preparedHeaders() ?? [])]);
    const choice = formatOfSilent(this, framework);
    if ('untouched' in choice) {
      this.#passes = choice.untouched;
      this.#countUntouched(choice.untouched);
      return;
    }
    if (registry.drained) {
      this.#refuse();
      return;
    }
    const { settings } = mounted;
    const prepared = this.#inContext(() =>
      commitHead(request, res, choice.format, settings.intervalMs, framework),
    );
    dropVisibly(res);
    this.#head = new VirtualHead(request, res, prepared);
    const since = this.#silentSince(nowMs);
    this.#hold = new Hold(surroundings, this, settings, choice.format, 'held', since);
    this.#adopt();
    this.#committing = true;
    try {
      this.#hold.beatDue(nowMs);
    } finally {
      this.#committing = false;
    }
  }

  /** The drain is over and the head is still ours to send: the plain truth. */
  #refuse(): void {
    const { res, request } = this;
    const prepared = this.#inContext(() => refuse(res, registry.retryAfterSeconds));
    this.#passes = 'ended';
    // What the handler answers later goes nowhere, and must not fail because a head was sent.
    const head = new VirtualHead(request, res, prepared);
    head.end();
    this.#head = head;
    this.#body = new HeldBody(this, REFUSED, head, this.#realResponse());
    this.abort(new HoldOpenError('HOLDOPEN_DRAINED', 'The server is shutting down.'));
  }

  /** The handler's write is done, and nothing of ours may fail in it. */
  #follow(data: unknown, encoding: unknown): void {
    try {
      this.#passed(data, encoding);
    } catch (error) {
      this.#giveUp(error);
    }
  }

  /** Some user's code ran in here. The response is left as it is. */
  #giveUp(error: unknown): void {
    clock.remove(this);
    this.#passes ??= 'broken';
    if (this.#hold?.state === 'streaming') this.#hold.pass();
    surroundings.report(`${this.route}: could not be held`, error);
  }

  /** Bytes have left by the handler's own write, under its own head. */
  #passed(data: unknown, encoding: unknown): void {
    const hold = this.#hold ?? this.#beginStream(clock.now());
    if (hold === undefined || hold.over) return;
    const chunk = toChunk(data, encoding);
    if (chunk === undefined || chunk.length === 0) return;
    hold.passed(chunk);
    this.rearm();
  }

  #beginStream(nowMs: number): Hold<IncomingMessage> | undefined {
    const choice = formatOfBegun(this);
    if ('untouched' in choice) {
      this.#passes = choice.untouched;
      return undefined;
    }
    const { settings } = this.mounted;
    const since = this.#silentSince(nowMs);
    this.#hold = new Hold(surroundings, this, settings, choice.format, 'streaming', since);
    return this.#hold;
  }

  /** A stream that its handler began has fallen silent: from now on we look after it. */
  #adoptStream(): void {
    this.#adopt();
    dropVisibly(this.res);
    const { res, route } = this;
    if (sentHeaders(res).some(([name]) => name === 'x-accel-buffering')) return;
    if (!registry.firstTime(`HOLDOPEN_BUFFERED ${route}`)) return;
    surroundings.warn(
      'HOLDOPEN_BUFFERED',
      `${route} streams without the header X-Accel-Buffering: no, so that nginx may keep its beats back. Set it before the first byte.`,
    );
  }

  #adopt(): void {
    this.#adopted = true;
    // Another app may take the response over, with a prototype of its own.
    if (this.hooks !== undefined) this.#useOwnFunctions();
    const { tcpKeepAliveMs } = this.mounted.settings;
    // What stands in for a socket where requests are injected cannot.
    if (tcpKeepAliveMs !== false) socketOf(this.res)?.setKeepAlive?.(true, tcpKeepAliveMs);
    this.#watchClose();
    this.#followResult();
  }

  /** A rejection before the first beat stays what it is without holdopen; from here on it is ours. */
  #followResult(): void {
    if (!isThenable(this.#result)) return;
    const isLast = this.#resultIsLast;
    this.#result.then(undefined, (error: unknown) => {
      const hold = this.#hold;
      if (hold === undefined) return;
      if (isLast) hold.threw(error);
      else this.#rejection = { error, state: hold.state };
    });
  }

  #countUntouched(reason: UntouchedReason): void {
    countUntouched(surroundings, reason, this);
  }

  #inContext<Result>(callback: () => Result): Result {
    return this.#context.runInAsyncScope(callback);
  }

  #watchClose(): void {
    if (this.#watchesClose) return;
    this.#watchesClose = true;
    // Register first, then look: it may have closed before anybody listened.
    this.res.on('close', onResponseClose);
    if (!hasConnection(this.res)) this.#watchConnection();
    if (isClosed(this.res)) this.onClose();
  }

  /** A pipelined response is not told that its connection has closed before its turn came. */
  #watchConnection(): void {
    const { socket } = this.request;
    // There is none where requests are made up.
    if (!socket) return;
    const unwatch = watchConnection(socket, () => this.onClose());
    this.res.once('close', unwatch);
  }

  #silentSince(nowMs: number): number {
    return Math.max(this.#touchedMs ?? 0, nowMs - this.mounted.settings.firstBeatMs);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}

function isReason(passes: string): passes is UntouchedReason {
  return !['off', 'ended', 'left', 'broken'].includes(passes);
}
