import type { RunRecord } from '@holdopen/runs';
import { lostFrom } from '@holdopen/runs';
import type { Connection } from './connection.js';
import type { Keys } from './keys.js';
import { arrayOf, textOf } from './record.js';
import { dueScript, forgetScript, noteScript } from './scripts/hints.js';

/** A run that somebody may want to look at. */
interface Hint {
  readonly run: string;
  readonly score: string;
}

/**
 * Which runs there are, in keys that lie elsewhere than the runs. Written beside the run's own script
 * and hence sometimes wrong; each renewal writes them again. Nothing is decided by them: whoever
 * finds a run here asks the run.
 */
export class Hints {
  readonly #connection: Connection;
  readonly #keys: Keys;

  constructor(connection: Connection, keys: Keys) {
    this.#connection = connection;
    this.#keys = keys;
  }

  /** @throws RunError `store_unavailable` */
  async note(record: RunRecord): Promise<void> {
    const keptMs = String(Math.ceil(record.expiresAt - record.now));
    const byPrincipal = await this.#keys.ofPrincipal(record.principal);
    await Promise.all([
      this.#note(this.#keys.leases, record.run, lostFrom(record), keptMs),
      this.#note(byPrincipal, record.run, record.startedAt, keptMs),
    ]);
  }

  /** Best effort. */
  async forget({ run, principal }: RunRecord): Promise<void> {
    const byPrincipal = await this.#keys.ofPrincipal(principal);
    await Promise.all([
      this.#forget(this.#keys.leases, { run, score: '' }),
      this.#forget(byPrincipal, { run, score: '' }),
    ]);
  }

  /** Runs that may be lost by now. */
  async due(limit: number): Promise<readonly Hint[]> {
    const found = await this.#connection.run(dueScript, [this.#keys.leases], [String(limit)]);
    return hintsOf(arrayOf(found).map(textOf));
  }

  async forgetLease(hint: Hint): Promise<void> {
    await this.#forget(this.#keys.leases, hint);
  }

  /** Runs of a principal that may be running, oldest first. */
  async ofPrincipal(principal: string, from: number, count: number): Promise<readonly Hint[]> {
    const key = await this.#keys.ofPrincipal(principal);
    const found = await this.#connection.use((link) =>
      link.send(key, ['ZRANGE', key, String(from), String(from + count - 1)]),
    );
    return arrayOf(found).map((run) => ({ run: textOf(run), score: '' }));
  }

  /** Whether it is gone. */
  async forgetOfPrincipal(principal: string, hint: Hint): Promise<boolean> {
    return this.#forget(await this.#keys.ofPrincipal(principal), hint);
  }

  async #note(key: string, run: string, score: number, keptMs: string): Promise<void> {
    await this.#connection.run(noteScript, [key], [run, String(score), keptMs]);
  }

  async #forget(key: string, { run, score }: Hint): Promise<boolean> {
    try {
      await this.#connection.run(forgetScript, [key], [run, score]);
      return true;
    } catch {
      // Whoever finds it stale the next time tries again.
      return false;
    }
  }
}

function hintsOf(flat: readonly string[]): Hint[] {
  const hints: Hint[] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) {
    hints.push({ run: flat[i] ?? '', score: flat[i + 1] ?? '' });
  }
  return hints;
}
