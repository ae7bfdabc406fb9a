import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ConnectionEnd, ConnectionRecord } from './connection.js';
import type { Direction, How, PlannedFault } from './faults.js';
import { MAX_DELAY_MS } from './fields.js';
import { Lane } from './lane/lane.js';
import type { Draw } from './random.js';
import { finish, isUnreachable, reset } from './sockets.js';

/** A reset takes bytes with it that the other side has not got yet. */
const RESET_BEHIND_BYTES_MS = 50;

export interface LinkOptions {
  readonly client: Socket;
  readonly connect: () => Duplex;
  readonly record: ConnectionRecord;
  readonly draw: Draw;
  readonly onBytes: (bytes: Buffer, from: 'client' | 'target') => void;
  readonly onChange: () => void;
}

/** Joins a client's connection to one of the target, with all that is planned for it. */
export class Link {
  readonly #record: ConnectionRecord;
  readonly #onChange: () => void;
  readonly #client: Socket;
  readonly #target: Duplex | undefined;
  readonly #lanes = new Map<Direction, Lane>();
  readonly #timers: NodeJS.Timeout[] = [];
  /** Put off by every byte. */
  readonly #idle: NodeJS.Timeout[] = [];

  constructor({ client, connect, record, draw, onBytes, onChange }: LinkOptions) {
    this.#record = record;
    this.#onChange = onChange;
    this.#client = client;
    const { plan } = record;
    const refuse = plan.find((fault) => fault.type === 'refuse');
    const isAlone = refuse !== undefined || plan.some((fault) => fault.type === 'silence');
    if (!isAlone) this.#target = connect();

    for (const name of ['client', 'target'] as const) {
      const socket = name === 'client' ? client : this.#target;
      socket?.on('error', (error) => this.#broke(name, error));
      socket?.on('end', () => this.#note({ by: name, how: 'fin' }));
      socket?.on('close', () => this.#closed());
      socket?.on('data', (bytes: Buffer) => {
        this.#putOff();
        if (!this.#isKilled) onBytes(bytes, name);
      });
    }
    if (this.#target === undefined) client.resume().on('end', () => client.end());
    else this.#join(this.#target, draw);
    if (refuse?.type === 'refuse') this.kill(refuse.how, 'refuse');
    else for (const fault of plan) this.#arm(fault);
  }

  pause(): void {
    for (const lane of this.#lanes.values()) lane.gate.pause();
  }

  /** Ends pauses and black holes. What vanished stays lost. */
  resume(): void {
    for (const lane of this.#lanes.values()) {
      lane.gate.isBlackHole = false;
      lane.gate.resume();
    }
  }

  swallow(of: Direction | 'both'): void {
    for (const [direction, lane] of this.#lanes) {
      if (of === 'both' || of === direction) lane.gate.isBlackHole = true;
    }
  }

  kill(how: How, why: NonNullable<ConnectionEnd['why']>): void {
    if (this.#isKilled) return;
    this.#note({ by: 'path', how, why });
    if (how === 'black-hole') {
      this.swallow('both');
      return;
    }
    for (const lane of this.#lanes.values()) lane.stop();
    for (const socket of this.#sockets) (how === 'fin' ? finish : reset)(socket);
  }

  /** Leaves nothing behind. */
  destroy(): void {
    this.#note({ by: 'path', how: 'fin', why: 'close' });
    for (const lane of this.#lanes.values()) lane.stop();
    for (const socket of this.#sockets) socket.destroy();
  }

  get #sockets(): readonly Duplex[] {
    return this.#target === undefined ? [this.#client] : [this.#client, this.#target];
  }

  get #isKilled(): boolean {
    const { end } = this.#record;
    return end?.by === 'path' && end.how !== 'black-hole';
  }

  #join(target: Duplex, draw: Draw): void {
    const client = this.#client;
    const { plan } = this.#record;
    for (const [direction, source, sink] of [
      ['request', client, target],
      ['response', target, client],
    ] as const) {
      const lane = new Lane({
        direction,
        source,
        sink,
        plan,
        draw,
        onPassed: (count) => {
          this.#putOff();
          this.#record[`${direction}Bytes`] += count;
          this.#onChange();
        },
        onCut: ({ how }) => {
          if (how === 'rst') this.#after(RESET_BEHIND_BYTES_MS, () => this.kill(how, 'cut'));
          else this.kill(how, 'cut');
        },
        // Whoever says that it leaves is let go; the other side is not told of it.
        onLostEnd: () => {
          source.destroy();
          if (sink.readableEnded) sink.destroy();
        },
      });
      this.#lanes.set(direction, lane);
    }
  }

  #arm(fault: PlannedFault): void {
    if (fault.type === 'idle-kill') {
      const timer = this.#after(fault.afterMs, () => this.kill(fault.how, fault.type));
      if (timer !== undefined) this.#idle.push(timer);
    } else if (fault.type === 'total-kill') {
      this.#after(fault.afterMs, () => this.kill(fault.how, fault.type));
    } else if (fault.type === 'black-hole') {
      if (fault.afterMs === 0) this.#fall(fault.of);
      else this.#after(fault.afterMs, () => this.#fall(fault.of));
    }
  }

  #putOff(): void {
    for (const timer of this.#idle) timer.refresh();
  }

  #fall(of: Direction | 'both'): void {
    this.#note({ by: 'path', how: 'black-hole', why: 'black-hole' });
    this.swallow(of);
  }

  #after(delayMs: number, action: () => void): NodeJS.Timeout | undefined {
    if (delayMs > MAX_DELAY_MS) return undefined;
    const timer = setTimeout(action, delayMs);
    this.#timers.push(timer);
    return timer;
  }

  /** A reset on one side is one on the other, too. That also stands for a target which refuses. */
  #broke(name: 'client' | 'target', error: NodeJS.ErrnoException): void {
    this.#note({ by: name, how: name === 'target' && isUnreachable(error) ? 'refused' : 'rst' });
    const direction = name === 'client' ? 'request' : 'response';
    if (this.#lanes.get(direction)?.gate.losesAll) return;
    for (const lane of this.#lanes.values()) lane.stop();
    for (const socket of this.#sockets) reset(socket);
  }

  /** The first end stands, but a reset tells more than the FIN of a half-closed connection. */
  #note(end: ConnectionEnd): void {
    const before = this.#record.end;
    const isWorse = before?.how === 'fin' && before.by !== 'path' && end.how !== 'fin';
    const isFirst = before === undefined || (before.how === 'black-hole' && end.by === 'path');
    if (!isFirst && !isWorse) return;
    this.#record.end = end;
    this.#onChange();
  }

  #closed(): void {
    if (this.#sockets.some((socket) => !socket.closed)) return;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const lane of this.#lanes.values()) lane.stop();
    this.#record.state = 'closed';
    this.#record.closedAtMs = Date.now();
    this.#onChange();
  }
}
