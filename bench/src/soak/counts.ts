import type { Path } from './scene.js';
import type { Task } from './task.js';
import type { Ending } from './visit.js';

export interface Count {
  readonly endings: Record<Ending, number>;
  /** What was wrong, the first few. */
  readonly wrong: string[];
}

const MAX_SHOWN = 5;

/** How the visits ended, by adapter and path. */
export class Counts {
  readonly #counts = new Map<string, Count>();

  add(adapter: string, path: Path, task: Task, ending: Ending, matter: string | undefined): void {
    // Over a path that does not break, a broken answer is a wrong one.
    const isWrong = ending === 'wrong' || (ending === 'broken' && path !== 'faulty');
    const count = this.#count(`${adapter} ${path}`);
    count.endings[isWrong ? 'wrong' : ending] += 1;
    if (isWrong && count.wrong.length < MAX_SHOWN) {
      count.wrong.push(`${JSON.stringify(task)}: ${matter}`);
    }
  }

  entries(): [place: string, count: Count][] {
    return [...this.#counts].sort(([a], [b]) => a.localeCompare(b));
  }

  #count(place: string): Count {
    const count = this.#counts.get(place) ?? {
      endings: { right: 0, failed: 0, left: 0, broken: 0, wrong: 0 },
      wrong: [],
    };
    this.#counts.set(place, count);
    return count;
  }
}
