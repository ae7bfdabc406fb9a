import { FaultyPathError } from './errors.js';
import type { FaultSpec, PlannedFault } from './faults.js';
import { checkField, fieldsOf, wrong } from './fields.js';
import type { Draw } from './random.js';

/** Throws if a fault cannot be had so: an unknown type or field, or a value out of its range. */
export function checkFault(spec: FaultSpec): void {
  if (typeof spec !== 'object' || spec === null) {
    throw new FaultyPathError(
      'invalid_option',
      `a fault is ${String(spec)}: give an object such as { type: 'idle-kill', afterMs: 1000 }`,
    );
  }
  const fields = fieldsOf(spec.type);
  for (const [name, value] of Object.entries(spec)) {
    if (name === 'type' || value === undefined) continue;
    if (name === 'chance') checkChance(spec.type, value);
    else {
      const field = fields.get(name);
      if (field === undefined) {
        const known = [...fields.keys(), 'chance'].join(', ');
        throw new FaultyPathError('invalid_option', `${spec.type} has no ${name}: it has ${known}`);
      }
      checkField(spec.type, name, field, value);
    }
  }
  for (const [name, field] of fields) {
    if (field.fallback === undefined && Reflect.get(spec, name) === undefined) {
      throw wrong(spec.type, name, undefined, `give ${field.kind === 'number' ? field.unit : ''}`);
    }
  }
}

/**
 * What of these faults a connection has. Every fault draws, whether it happens or not: to change the
 * chance of one leaves the others as they were.
 */
export function drawPlan(specs: readonly FaultSpec[], draw: Draw): readonly PlannedFault[] {
  const plan: PlannedFault[] = [];
  for (const spec of specs) {
    checkFault(spec);
    const isDrawn = draw.chance(spec.chance ?? 1);
    const fault: Record<string, unknown> = { type: spec.type };
    for (const [name, field] of fieldsOf(spec.type)) {
      const value: unknown = Reflect.get(spec, name) ?? field.fallback;
      fault[name] = isRange(value) ? draw.integer(...value) : value;
    }
    if (isDrawn && isPlanned(fault)) plan.push(fault);
  }
  return plan;
}

/** A fault in one line: `cut atByte=120 of=response from=connection how=rst`. */
export function formatFault(fault: PlannedFault): string {
  const fields = Object.entries(fault).filter(
    ([name, value]) => name !== 'type' && value !== Number.POSITIVE_INFINITY,
  );
  return [fault.type, ...fields.map(([name, value]) => `${name}=${value}`)].join(' ');
}

function checkChance(type: string, chance: unknown): void {
  if (typeof chance === 'number' && chance >= 0 && chance <= 1) return;
  throw wrong(type, 'chance', chance, 'give a number from 0, never, to 1, always');
}

function isRange(value: unknown): value is readonly [number, number] {
  return Array.isArray(value);
}

/** The fields were checked one by one; this says so to the compiler. */
function isPlanned(fault: object): fault is PlannedFault {
  return [...fieldsOf(Reflect.get(fault, 'type')).keys()].every((name) => name in fault);
}
