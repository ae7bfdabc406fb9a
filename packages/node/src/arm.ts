import { AsyncResource } from 'node:async_hooks';
import { type IncomingMessage, ServerResponse } from 'node:http';
import {
  ClockEntry,
  countUntouched,
  Hold,
  type HoldHandle,
  type HoldHost,
  HoldOpenError,
  type Lane,
  Lifeline,
  newHoldId,
  type UntouchedReason,
} from '@holdopen/core';
import { watchConnection } from './before-turn.js';
import { formatOfBegun, formatOfSilent } from './choose-format.js';
import { commitHead, refuse } from './commit.js';
import { cutResponse, type RealResponse, resetOnDestroy } from './cut.js';
import { writeFramed } from './framed-beat.js';
import type { Framework } from './framework.js';
import { HeldBody, OWN_HEAD, REFUSED, toChunk } from './held-body.js';
import {
  type EndFunction,
  type HeldResponse,
  hasConnection,
  isClosed,
  isOldHttp,
  isOver,
  isReady,
  socketOf,
  Upload,
  type WriteFunction,
} from './message.js';
import type { MountedSettings } from './mounted.js';
import { sentHeaders } from './sent-head.js';
import { registry, surroundings } from './surroundings.js';
import { VirtualHead } from './virtual-head.js';

const { clock } = surroundings;
const { process } = globalThis;

/** Where a watched response keeps its arm. */
const ARM: unique symbol = Symbol('holdOpen');

export type ArmedResponse = HeldResponse & { [ARM]?: Arm };

/** Whatever else stands in its place is some middleware's, which may encode what is written. */
const NATIVE_WRITE: unknown = ServerResponse.prototype.write;

/**
 * Watches one response. Until the first beat it is all there is: a place in the clock, the two
 * functions it stands in for, and a handle for the handler. Nothing else is touched.
 */
export class Arm extends ClockEntry implements HoldHandle, HoldHost<IncomingMessage> {
  readonly request: IncomingMessage;
  readonly res: HeldResponse;
  mounted: MountedSettings;
  /** What a framework knows of the response and the response does not. */
  framework: Framework | undefined;
  /** compression() or its like stands between us and the socket. */
  readonly encodedBelow: boolean;
  readonly #write: WriteFunction;
  readonly #end: EndFunction;
  #hold: Hold<IncomingMessage> | undefined;
  /** What the handler sees once its head has been sent in its place. */
  #head: VirtualHead | undefined;
  #body: HeldBody | undefined;
  /** Why the response passes; `'ended'` once there is nothing to watch any more. */
  #passes: UntouchedReason | 'off' | 'ended' | undefined;
  /** The request's own async context, for user code that the clock sets going. */
  readonly #context = new AsyncResource('holdopen');
  /** What the handler gave back. */
  #result: unknown;
  #upload: Upload | undefined;
  #lifeline: Lifeline | undefined;
  #watchesClose = false;
  /** The first beat was due, so that the response is ours to look after. */
  #adopted = false;
  #committing = false;
  #touchedMs: number | undefined;
  #id: string | undefined;

  constructor(req: IncomingMessage, res: HeldResponse, mounted: MountedSettings) {
    super();
    this.request = req;
    this.res = res;
    this.mounted = mounted;
    this.#write = res.write;
    this.#end = res.end;
    this.encodedBelow = res.write !== NATIVE_WRITE && typeof res.flush === 'function';
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
    if (this.#passes === 'off') return 'off';
    return this.#passes === 'ended' ? 'complete' : 'untouched';
  }

  // --- what the hold asks of us

  get method(): string {
    return this.request.method ?? 'GET';
  }

  get route(): string {
    if (this.framework?.route !== undefined) return `${this.method} ${this.framework.route}`;
    const { route, baseUrl } = this.request as { route?: { path?: unknown }; baseUrl?: string };
    const path = typeof route?.path === 'string' ? (baseUrl ?? '') + route.path : undefined;
    return `${this.method} ${path ?? this.request.url?.split('?', 1)[0] ?? '/'}`;
  }

  ready(): boolean {
    // The first beat goes with the head, which is all that can be in its way.
    return this.#committing || isReady(this.res);
  }

  sendBeat(bytes: Uint8Array): void {
    const isNative = !this.#committing && this.#write === NATIVE_WRITE;
    if (isNative && writeFramed(this.res, bytes)) return;
    const head = this.#head;
    head?.enter();
    try {
      this.#write.call(this.res, bytes);
      if (this.encodedBelow) this.res.flush?.();
    } finally {
      head?.leave();
    }
  }

  finish(text: string, cut: boolean, status: number | undefined): void {
    const head = this.#head;
    // For the log lines and spans that are written at the end.
    if (head !== undefined && status !== undefined) this.res.statusCode = status;
    head?.enter();
    head?.end();
    try {
      if (cut) cutResponse(this.#realResponse(), text === '' ? [] : [text]);
      else if (text === '') this.#end.call(this.res);
      else this.#end.call(this.res, text);
    } finally {
      head?.leave();
    }
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
    if (this.#dropped(args)) return true;
    const accepted = this.#write.apply(this.res, args);
    if (this.#passes === undefined) this.#passed(args[0], args[1]);
    return accepted;
  }

  /** Stands in for `res.end`. */
  onEnd(args: unknown[]): HeldResponse {
    const body = this.#body ?? this.#heldBody();
    if (body !== undefined) return body.end(args);
    if (this.#dropped(args)) return this.res;
    clock.remove(this);
    this.#passes ??= 'ended';
    const result = this.#end.apply(this.res, args);
    this.#hold?.completed();
    return result;
  }

  /** Mounted again on the same response: one hold, and the innermost options win. */
  remount(mounted: MountedSettings): void {
    this.mounted = mounted;
    const { settings } = mounted;
    if (!settings.enabled) clock.remove(this);
    if (this.#hold !== undefined) {
      this.#hold.useSettings(settings);
      if (!this.#hold.over) this.rearm();
    } else if (!settings.enabled) {
      this.#passes ??= 'off';
    } else if (this.#passes !== 'ended' && !this.res.headersSent) {
      // What was untouched by the rules of an outer mount may be held by this one's.
      this.#passes = undefined;
      this.wait(mounted.firstLane);
    }
  }

  /** What the handler gave back. A promise is looked at only if the response is held. */
  returned(result: unknown): void {
    if (result === undefined) return;
    this.#result = result;
    if (this.#adopted) this.#followResult();
  }

  /** The handler threw at once. That goes its way, and is known if the response is held after all. */
  threw(error: unknown): void {
    const failed = Promise.reject(error);
    failed.catch(() => {});
    this.returned(failed);
  }

  /** The response has closed. */
  onClose(): void {
    clock.remove(this);
    const hold = this.#hold;
    if (hold !== undefined) {
      if (!hold.over) hold.disconnected();
      return;
    }
    // Over HTTP/2 a response that was never ended counts as finished once its stream has gone.
    const { writableEnded, writableFinished } = this.res;
    const complete = this.#passes === 'ended' || (writableEnded && writableFinished);
    this.#passes ??= 'ended';
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
    try {
      if (this.#hold === undefined) this.#firstBeatDue(nowMs);
      else if (isOver(this.res)) this.onClose();
      else this.#beatDue(this.#hold, nowMs);
    } catch (error) {
      // Some middleware's code ran in here. The response is left as it is; the clock goes on.
      this.#passes ??= 'ended';
      surroundings.report(`${this.route}: could not be held`, error);
    }
  }

  #firstBeatDue(nowMs: number): void {
    const { res, mounted } = this;
    if (this.#passes !== undefined) {
      if (this.#passes !== 'ended' && this.#passes !== 'off') this.#countUntouched(this.#passes);
    } else if (isOver(res) || this.request.socket?.destroyed) {
      this.#passes = 'ended';
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
      this.#body = new HeldBody(this, hold, OWN_HEAD, this.#realResponse());
      this.#beatDue(hold, nowMs);
    } else {
      this.#commit(nowMs);
    }
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
    if (registry.drained) hold.drain(0, registry.retryAfterSeconds);
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
    const framework = this.#inContext(() => this.framework?.preparedHeaders() ?? []);
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
    if (res.stream !== undefined || isOldHttp(res)) resetOnDestroy(res);
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
    const { tcpKeepAliveMs } = this.mounted.settings;
    // What stands in for a socket where requests are injected cannot.
    if (tcpKeepAliveMs !== false) socketOf(this.res)?.setKeepAlive?.(true, tcpKeepAliveMs);
    this.#watchClose();
    this.#followResult();
  }

  /** A rejection before the first beat stays what it is without holdopen; from here on it is ours. */
  #followResult(): void {
    if (!isThenable(this.#result)) return;
    this.#result.then(undefined, (error: unknown) => this.#hold?.threw(error));
  }

  #countUntouched(reason: UntouchedReason): void {
    countUntouched(surroundings, reason, this.request, this.route);
  }

  #inContext<Result>(callback: () => Result): Result {
    return this.#context.runInAsyncScope(callback);
  }

  #watchClose(): void {
    if (this.#watchesClose) return;
    this.#watchesClose = true;
    // Register first, then look: it may have closed before anybody listened.
    this.res.on('close', onClose);
    if (!hasConnection(this.res)) this.#watchConnection();
    if (isClosed(this.res)) this.onClose();
  }

  /** A pipelined response is not told that its connection has closed before its turn came. */
  #watchConnection(): void {
    const unwatch = watchConnection(this.request.socket, () => this.onClose());
    this.res.once('close', unwatch);
  }

  #silentSince(nowMs: number): number {
    return Math.max(this.#touchedMs ?? 0, nowMs - this.mounted.settings.firstBeatMs);
  }
}

/** Shared by all responses. */
function onClose(this: ArmedResponse): void {
  this[ARM]?.onClose();
}

function armedWrite(this: ArmedResponse, ...args: unknown[]): boolean {
  return (this[ARM] as Arm).onWrite(args);
}

function armedEnd(this: ArmedResponse, ...args: unknown[]): HeldResponse {
  return (this[ARM] as Arm).onEnd(args);
}

/** Watch a response, or let the options of an inner mount win where it is watched already. */
export function arm(req: IncomingMessage, res: ArmedResponse, mounted: MountedSettings): Arm {
  const present = res[ARM];
  if (present !== undefined) {
    present.remount(mounted);
    return present;
  }
  const fresh = new Arm(req, res, mounted);
  res[ARM] = fresh;
  req.holdOpen = fresh;
  res.write = armedWrite as WriteFunction;
  res.end = armedEnd as EndFunction;
  mounted.firstLane.add(fresh);
  return fresh;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}
