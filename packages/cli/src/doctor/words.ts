/** `850 ms`, `12.3 s`, `2 min 3 s`, `1 h 5 min`. */
export function duration(ms: number): string {
  if (ms < 9.95) return `${ms.toFixed(1).replace(/\.0$/, '')} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 119_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return joined([minutes, 'min'], [seconds % 60, 's']);
  return joined([Math.floor(minutes / 60), 'h'], [minutes % 60, 'min']);
}

/** A limit that somebody has set: `60 s`, `4 min`, `100 s`. */
export function limit(ms: number): string {
  if (ms % 60_000 === 0 && ms >= 120_000) return duration(ms);
  return ms % 1_000 === 0 ? `${ms / 1_000} s` : duration(ms);
}

export function size(bytes: number): string {
  if (bytes < 1_000) return count(bytes, 'byte');
  if (bytes < 999_500) return `${(bytes / 1_000).toFixed(1)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

export function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`;
}

/** `a, b and c`. */
export function list(items: readonly string[]): string {
  if (items.length < 2) return items.join('');
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}

function joined(...parts: [number, string][]): string {
  return parts
    .filter(([number], at) => number > 0 || at === 0)
    .map(([number, unit]) => `${number} ${unit}`)
    .join(' ');
}
