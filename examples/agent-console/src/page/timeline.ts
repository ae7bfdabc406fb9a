import type { Task } from './task.js';

const SVG = 'http://www.w3.org/2000/svg';
const WIDTH = 1_000;
const HEIGHT = 24;

/** The task as a line: its colour says how the connection was, and each tick is a step that arrived. */
export function drawTimeline(svg: SVGSVGElement, task: Task): void {
  svg.setAttribute('viewBox', `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('role', 'img');
  svg.setAttribute(
    'aria-label',
    `${task.steps.length} steps in ${Math.round(task.ageMs / 1_000)} seconds`,
  );
  const endMs = Math.max(task.ageMs, 1);
  const place = (atMs: number): number => (Math.min(atMs, endMs) / endMs) * WIDTH;

  const phases = task.moments.filter(({ phase }) => phase !== undefined);
  const bands = phases.map(({ atMs, phase }, index) => {
    const from = place(atMs);
    const to = place(phases[index + 1]?.atMs ?? endMs);
    return rectangle(from, to - from, 8, 8, phase ?? '');
  });
  const ticks = task.moments
    .filter(({ phase }) => phase === undefined)
    .map(({ atMs }) => rectangle(place(atMs) - 1.5, 3, 0, HEIGHT, 'tick'));
  svg.replaceChildren(...bands, ...ticks);
}

function rectangle(x: number, width: number, y: number, height: number, name: string): SVGElement {
  const rect = document.createElementNS(SVG, 'rect');
  for (const [key, value] of Object.entries({ x, width: Math.max(0, width), y, height })) {
    rect.setAttribute(key, String(value));
  }
  rect.setAttribute('class', name);
  return rect;
}
