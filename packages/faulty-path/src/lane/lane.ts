import type { Duplex } from 'node:stream';
import type { Direction, Planned, PlannedFault } from '../faults.js';
import type { Draw } from '../random.js';
import { CutPoint } from './cut-point.js';
import { DelayLine } from './delay-line.js';
import { Gate, type GateOptions } from './gate.js';
import { burst, lateFin, latency, throttle } from './schedules.js';

export interface LaneOptions extends Pick<GateOptions, 'onPassed' | 'onLostEnd'> {
  readonly direction: Direction;
  readonly source: Duplex;
  readonly sink: Duplex;
  readonly plan: readonly PlannedFault[];
  readonly draw: Draw;
  readonly onCut: (cut: Planned<'cut'>) => void;
}

/** One direction of a connection. */
export class Lane {
  readonly gate: Gate;
  readonly #source: Duplex;
  readonly #stations: readonly Duplex[];

  constructor({ direction, source, sink, plan, draw, onCut, ...events }: LaneOptions) {
    this.#source = source;
    this.#stations = plan.flatMap((fault) => {
      const schedule = scheduleOf(fault, direction, draw);
      return schedule === undefined ? [] : [new DelayLine(schedule)];
    });
    const cuts = plan.filter((fault) => fault.type === 'cut').filter(({ of }) => of === direction);
    this.gate = new Gate({
      ...events,
      sink,
      cutPoints: cuts.map((cut) => new CutPoint(cut)),
      onCut: ({ cut }) => onCut(cut),
    });
    let last = source;
    for (const station of this.#stations) last = last.pipe(station);
    last.pipe(this.gate);
  }

  /** Carries nothing any more; what is on its way is dropped. */
  stop(): void {
    this.#source.unpipe();
    for (const station of this.#stations) station.destroy();
    this.gate.destroy();
  }
}

function scheduleOf(fault: PlannedFault, direction: Direction, draw: Draw) {
  if (!('of' in fault) || (fault.of !== direction && fault.of !== 'both')) return undefined;
  if (fault.type === 'latency') return latency(fault, draw);
  if (fault.type === 'throttle') return throttle(fault);
  if (fault.type === 'burst') return burst(fault);
  if (fault.type === 'late-fin') return lateFin(fault);
  return undefined;
}
