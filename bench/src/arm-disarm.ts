import type { Figure, Plan } from './figure.js';
import { inFreshProcesses } from './loops.js';

/** What a watch costs that is called off: in the clock alone, and in the whole Node adapter. */
export async function armDisarm(plan: Plan): Promise<Figure[]> {
  const spread = await inFreshProcesses(plan, 'arm-disarm');
  const of = (item: string, name: string): Figure => {
    const own = spread(name);
    return { item, value: own.mean, unit: 'ns', spread: own };
  };
  const timesAsLong = spread('setTimeout, others waiting').mean / spread('clock, fresh entry').mean;
  return [
    {
      ...of('arm + disarm: clock, fresh entry', 'clock, fresh entry'),
      target: { of: 'value', atMost: 25 },
      note: `setTimeout + clearTimeout takes ${timesAsLong.toFixed(1)} times as long`,
    },
    of('arm + disarm: clock again (A/A)', 'clock, fresh entry, again'),
    of('arm + disarm: clock, kept entry', 'clock, kept entry'),
    of('fresh entry alone (part of the above)', 'fresh entry alone'),
    of('setTimeout + clearTimeout, others waiting', 'setTimeout, others waiting'),
    of('setTimeout + clearTimeout, alone', 'setTimeout, alone'),
    {
      ...of('Node arm + end: holdOpen(handler)', 'above: holdOpen(handler)'),
      note: 'fake req and res, less the same without holdopen',
    },
    of('Node arm + end: middleware', 'above: middleware'),
    of('Node: bare request again (A/A)', 'above: bare request, again'),
  ];
}
