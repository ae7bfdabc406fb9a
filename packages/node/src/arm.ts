import { AsyncResource } from 'node:async_hooks';
import { type IncomingMessage, ServerResponse } from 'node:http';
import {
  type BeatFormat,
  ClockEntry,
  checkFormat,
  type FormatChoice,
  formatByAccept,
  formatByType,
  formatOfStream,
  Hold,
  type HoldHost,
  HoldOpenError,
  isHoldableMethod,
  type Lane,
  type Mount,
  newHoldId,
  type Settings,
  type UntouchedReason,
} from '@holdopen/core';
import { commitHead } from './commit.js';
import { cutResponse, type RealResponse } from './cut.js';
import type { HoldHandle } from './handle.js';
import { HeldBody, toChunk } from './held-body.js';
import {
  type EndFunction,
  type HeldResponse,
  hasConnection,
  isOver,
  isReady,
  socketOf,
  Upload,
  type WriteFunction,
} from './message.js';
import { sentHeaders, sentHeadFacts } from './sent-head.js';
import { registry, surroundings } from './surroundings.js';
import { VirtualHead } from './virtual-head.js';

const { clock } = surroundings;

/** Where a watched response keeps its arm. */
export const ARM: unique symbol = Symbol('holdOpen');

export type ArmedResponse = HeldResponse & { [ARM]?: Arm };

/** Whatever else stands in its place is some middleware's, which may encode what is written. */
const NATIVE_WRITE: unknown = ServerResponse.prototype.write;

/** While a request's body arrives, this part of `firstBeatMs` passes between two looks. */
const UPLOAD_LOOKS = 8;
const MIN_UPLOAD_LOOK_MS = 25;
const MAX_UPLOAD_LOOK_MS = 1_000;

/** Settings with what every request needs of them ready at hand. */
export class MountedSettings {
  readonly settings: Settings<IncomingMessage>;
  readonly mount: Mount;
  readonly firstLane: Lane;
  readonly beatLane: Lane;
  readonly uploadLane: Lane;
  /** User code may run for a request, which costs a snapshot of its async context. */
  readonly hasHooks: boolean;

  constructor(settings: Settings<IncomingMessage>, mount: Mount) {
    const { firstBeatMs, intervalMs } = settings;
    const lookMs = Math.min(
      Math.max(firstBeatMs / UPLOAD_LOOKS, MIN_UPLOAD_LOOK_MS),
      MAX_UPLOAD_LOOK_MS,
    );
    this.settings = settings;
    this.mount = mount;
    this.firstLane = clock.lane(firstBeatMs);
    this.beatLane = clock.lane(intervalMs);
    this.uploadLane = clock.lane(lookMs);
    this.hasHooks =
      settings.onBeat !== undefined ||
      settings.onLateOutcome !== undefined ||
      typeof settings.format === 'function' ||
      typeof settings.lateError === 'function';
  }
}

/**
 * Watches one response. Until the first beat it is all there is: a place in the clock, the two
 * functions it stands in for, and a handle for the handler. Nothing else is touched.
 */
export class Arm extends ClockEntry implements HoldHandle, HoldHost<IncomingMessage> {
  readonly request: IncomingMessage;
  readonly res: HeldResponse;
  mounted: MountedSettings;
  readonly #write: WriteFunction;
  readonly #end: EndFunction;
  #hold: Hold<IncomingMessage> | undefined;
  #head: VirtualHead | undefined;
  #body: HeldBody | undefined;
  /** Why the response passes; `'ended'` once there is nothing to watch any more. */
  #passes: UntouchedReason | 'ended' | undefined;
  /** compression() or its like stands between us and the socket. */
  readonly #flushes: boolean;
  #upload: Upload | undefined;
  #uploadWasArriving = false;
  #committing = false;
  /** The handler's promise. */
  result: unknown;
  #controller: AbortController | undefined;
  #abortReason: HoldOpenError | undefined;
  #context: AsyncResource | undefined;
  #watchesClose = false;
  #touchedMs = 0;
  #id: string | undefined;

  constructor(req: IncomingMessage, res: HeldResponse, mounted: MountedSettings) {
    super();
    this.request = req;
    this.res = res;
    this.mounted = mounted;
    this.#write = res.write;
    this.#end = res.end;
    this.#flushes = res.write !== NATIVE_WRITE && typeof res.flush === 'function';
    if (mounted.hasHooks) this.#context = new AsyncResource('holdopen');
  }

  // --- the handler's handle

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      this.#context ??= new AsyncResource('holdopen');
      if (this.#abortReason !== undefined) this.#controller.abort(this.#abortReason);
      else this.#watchClose();
    }
    return this.#controller.signal;
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
    return this.#passes === 'ended' ? 'complete' : 'untouched';
  }

  // --- what the hold asks of us

  get method(): string {
    return this.request.method ?? 'GET';
  }

  get route(): string {
    const { route, baseUrl } = this.request as { route?: { path?: unknown }; baseUrl?: string };
    const path = typeof route?.path === 'string' ? (baseUrl ?? '') + route.path : undefined;
    return `${this.method} ${path ?? this.request.url?.split('?', 1)[0] ?? '/'}`;
  }

  ready(): boolean {
    // The first beat goes with the head, which is all that can be in its way.
    return this.#committing || isReady(this.res);
  }

  sendBeat(bytes: Uint8Array): void {
    const head = this.#head;
    if (head === undefined) this.#adoptStream();
    else head.enter();
    try {
      this.#write.call(this.res, bytes);
      if (this.#flushes) this.res.flush?.();
    } finally {
      head?.leave();
    }
  }

  finish(text: string, cut: boolean): void {
    const head = this.#head;
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

  rearm(): void {
    this.wait(this.mounted.beatLane);
  }

  wait(lane: Lane): void {
    clock.remove(this);
    lane.add(this);
  }

  stopWaiting(): void {
    clock.remove(this);
  }

  abort(reason: HoldOpenError): void {
    if (this.#abortReason !== undefined) return;
    this.#abortReason = reason;
    const controller = this.#controller;
    if (controller !== undefined) this.run(() => controller.abort(reason));
  }

  run(callback: () => void): void {
    if (this.#context === undefined) callback();
    else this.#context.runInAsyncScope(callback);
  }

  // --- what the handler writes

  /** Stands in for `res.write`. */
  onWrite(args: unknown[]): boolean {
    const { res } = this;
    if (this.#head !== undefined) return this.#heldBody(this.#head).write(args);
    const accepted = this.#write.apply(res, args);
    if (this.#passes === undefined) this.#passed(args);
    return accepted;
  }

  /** Stands in for `res.end`. */
  onEnd(args: unknown[]): HeldResponse {
    if (this.#head !== undefined) return this.#heldBody(this.#head).end(args);
    clock.remove(this);
    const hold = this.#hold;
    if (hold?.state === 'failed') return this.res;
    this.#passes ??= 'ended';
    const result = this.#end.apply(this.res, args);
    hold?.completed();
    return result;
  }

  /** Made when the handler writes, for until then thousands may wait. */
  #heldBody(head: VirtualHead): HeldBody {
    this.#body ??= new HeldBody(
      this,
      this.#hold as Hold<IncomingMessage>,
      head,
      this.#realResponse(),
    );
    return this.#body;
  }

  /** Mounted again on the same response: one hold, and the innermost options win. */
  remount(mounted: MountedSettings): void {
    this.mounted = mounted;
    if (mounted.hasHooks) this.#context ??= new AsyncResource('holdopen');
    if (this.#hold !== undefined) {
      this.#hold.useSettings(mounted.settings);
    } else if (!mounted.settings.enabled) {
      clock.remove(this);
      this.#passes ??= 'ended';
    } else if (this.#passes === undefined) {
      this.wait(mounted.firstLane);
    }
  }

  // --- time

  fire(nowMs: number): void {
    try {
      if (this.#hold === undefined) this.#firstBeatDue(nowMs);
      else this.#hold.beatDue(nowMs);
    } catch (error) {
      // Some middleware's code ran in here. The response is left as it is; the clock goes on.
      this.#passes ??= 'ended';
      surroundings.report(`${this.route}: could not be held`, error);
    }
  }

  #firstBeatDue(nowMs: number): void {
    const { res, request, mounted } = this;
    if (this.#passes !== undefined) {
      if (this.#passes !== 'ended') this.#countUntouched(this.#passes);
      return;
    }
    if (isOver(res)) {
      this.#passes = 'ended';
      return;
    }
    this.#upload ??= new Upload();
    const wasArriving = this.#uploadWasArriving;
    this.#uploadWasArriving = this.#upload.arriving(request);
    if (this.#uploadWasArriving) {
      this.wait(mounted.uploadLane);
      return;
    }
    if (wasArriving || !hasConnection(res) || res.writableCorked > 0) {
      this.wait(mounted.firstLane);
      return;
    }
    this.#upload = undefined;
    if (res.headersSent) this.#beginStream(nowMs);
    else this.#commit(nowMs);
  }

  /** The handler sent its head itself and fell silent before its first byte. */
  #beginStream(nowMs: number): void {
    const hold = this.#streamHold(nowMs);
    if (hold === undefined) {
      if (this.#passes !== undefined && this.#passes !== 'ended')
        this.#countUntouched(this.#passes);
      return;
    }
    hold.beatDue(nowMs);
  }

  #commit(nowMs: number): void {
    const { res, request, mounted } = this;
    const { settings } = mounted;
    const choice = this.#chooseFormat();
    if ('untouched' in choice) {
      this.#passes = choice.untouched;
      this.#countUntouched(choice.untouched);
      return;
    }
    if (registry.drained) {
      this.#refuse();
      return;
    }
    const { format } = choice;
    const prepared = commitHead(request, res, format, settings.intervalMs);
    this.#head = new VirtualHead(request, res, prepared);
    this.#keepAlive();
    this.#hold = new Hold(surroundings, this, settings, format, 'held', this.#silentSince(nowMs));
    this.#watchClose();
    this.#watchResult();
    this.#committing = true;
    this.#hold.beatDue(nowMs);
    this.#committing = false;
  }

  /** The drain is over and the head is still ours to send: the plain truth. */
  #refuse(): void {
    const { res } = this;
    this.#passes = 'ended';
    res.statusCode = 503;
    res.setHeader('Retry-After', String(registry.retryAfterSeconds));
    res.setHeader('Connection', 'close');
    res.end();
    this.abort(new HoldOpenError('HOLDOPEN_DRAINED', 'The server is shutting down.'));
  }

  #chooseFormat(): FormatChoice {
    const { request, res } = this;
    if (!isHoldableMethod(request.method) || isUpgrade(request)) return { untouched: 'method' };
    if (registry.size >= this.mounted.settings.maxHolds) return { untouched: 'max_holds' };
    const { formats } = this.mounted.settings;
    const asked = this.#askedFormat();
    const type = res.getHeader('content-type');
    if (type !== undefined) return formatByType(String(type), asked, formats.all);
    if (asked !== undefined) return { format: asked };
    const name = formatByAccept(request.headers.accept, this.mounted.mount);
    return name === undefined ? { untouched: 'accept' } : { format: formats[name] };
  }

  /** What the option `format` says, `undefined` for `'auto'`. */
  #askedFormat(): BeatFormat | undefined {
    const { format, formats } = this.mounted.settings;
    let asked = typeof format === 'function' ? undefined : format;
    if (typeof format === 'function') {
      this.run(() => {
        asked = checkFormat(format(this.request));
      });
    }
    if (asked === undefined || asked === 'auto') return undefined;
    return typeof asked === 'string' ? formats[asked] : asked;
  }

  // --- streams that their handler began

  /** Bytes have left by the handler's own write, under its own head. */
  #passed(args: readonly unknown[]): void {
    const hold = this.#hold ?? this.#streamHold(clock.now());
    if (hold === undefined) return;
    if (hold.over) return;
    const chunk = toChunk(args[0], args[1]);
    if (chunk === undefined || chunk.length === 0) return;
    hold.passed(chunk);
    this.wait(this.mounted.beatLane);
  }

  #streamHold(nowMs: number): Hold<IncomingMessage> | undefined {
    const { res, request, mounted } = this;
    const { settings } = mounted;
    const choice = ((): FormatChoice => {
      if (!isHoldableMethod(request.method) || isUpgrade(request)) return { untouched: 'method' };
      if (!res.headersSent) return { untouched: 'type' };
      const head = sentHeadFacts(res, this.#flushes);
      const byHead = formatOfStream(head, this.#askedFormat(), settings.formats.all);
      if ('format' in byHead && registry.size >= settings.maxHolds)
        return { untouched: 'max_holds' };
      return byHead;
    })();
    if ('untouched' in choice) {
      this.#passes = choice.untouched;
      return undefined;
    }
    const since = this.#silentSince(nowMs);
    this.#hold = new Hold(surroundings, this, settings, choice.format, 'streaming', since);
    return this.#hold;
  }

  // --- once, at the first beat

  /** The first beat of a stream that its handler began: from now on we look after it. */
  #adoptStream(): void {
    if (this.#head !== undefined || this.#watchesClose) return;
    this.#watchClose();
    this.#watchResult();
    this.#keepAlive();
    const { res, route } = this;
    const headers = sentHeaders(res);
    if (headers.some(([name]) => name === 'x-accel-buffering')) return;
    if (!registry.firstTime(`HOLDOPEN_BUFFERED ${route}`)) return;
    surroundings.warn(
      'HOLDOPEN_BUFFERED',
      `${route} streams without the header X-Accel-Buffering: no, so that nginx may keep its beats back. Set it before the first byte.`,
    );
  }

  /** SO_KEEPALIVE, so that a dead peer is noticed by the system too. */
  #keepAlive(): void {
    const { tcpKeepAliveMs } = this.mounted.settings;
    if (tcpKeepAliveMs !== false) socketOf(this.res)?.setKeepAlive(true, tcpKeepAliveMs);
  }

  #watchClose(): void {
    if (this.#watchesClose) return;
    this.#watchesClose = true;
    // Register first, then look: it may have closed before anybody listened.
    this.res.on('close', onClose);
    if (this.res.closed || this.res.destroyed) this.onClose();
  }

  /** `close` of the response, never of the request: that one comes when its body has been read. */
  onClose(): void {
    clock.remove(this);
    const hold = this.#hold;
    if (hold !== undefined) {
      if (!hold.over) hold.disconnected();
      return;
    }
    const complete = this.#passes === 'ended' || this.res.writableFinished;
    if (!complete && this.mounted.settings.onDisconnect === 'abort') {
      this.abort(
        new HoldOpenError('HOLDOPEN_DISCONNECTED', 'The client left before it was answered.'),
      );
    }
  }

  /** A rejection before the commit stays what it is without holdopen; from here on it is ours. */
  #watchResult(): void {
    if (!isThenable(this.result)) return;
    this.result.then(undefined, (error: unknown) => this.#hold?.threw(error));
  }

  #silentSince(nowMs: number): number {
    return Math.max(this.#touchedMs, nowMs - this.mounted.settings.firstBeatMs);
  }

  #countUntouched(reason: UntouchedReason): void {
    registry.countUntouched(reason);
    const { observer } = surroundings;
    if (observer.wants('untouched')) {
      observer.notify({ type: 'untouched', reason, request: this.request });
    }
    const cure = CURES[reason];
    const { route } = this;
    if (cure === undefined || !registry.firstTime(`untouched ${reason} ${route}`)) return;
    surroundings.warn('HOLDOPEN_UNTOUCHED', `${route} is slow and was not held: ${cure}`);
  }

  #realResponse(): RealResponse {
    return {
      res: this.res,
      write: this.#write,
      end: this.#end,
      encodedBelow: this.#flushes && this.#head === undefined,
    };
  }
}

/** What a person can do about a response that was not held. */
const CURES: Partial<Record<UntouchedReason, string>> = {
  accept:
    "its clients do not ask for JSON or an event stream alone. If it answers with JSON, mount holdOpen({ format: 'json' }) on this route.",
  max_holds: 'maxHolds responses are held already. Raise it, or run more processes.',
  length:
    'its head went out with a Content-Length, so that nothing can be added. Send it together with the body, or without the length.',
  charset: 'its charset is not UTF-8. Send UTF-8.',
};

function onClose(this: ArmedResponse): void {
  this[ARM]?.onClose();
}

function isUpgrade(req: IncomingMessage): boolean {
  return (req as { upgrade?: boolean }).upgrade === true;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}

/** Stands in for `res.write` of every watched response. */
export function armedWrite(this: ArmedResponse, ...args: unknown[]): boolean {
  return (this[ARM] as Arm).onWrite(args);
}

/** Stands in for `res.end` of every watched response. */
export function armedEnd(this: ArmedResponse, ...args: unknown[]): HeldResponse {
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
