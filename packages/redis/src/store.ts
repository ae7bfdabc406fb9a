import {
  type AppendRequest,
  type ClaimAnswer,
  type ClaimRequest,
  instanceOfRun,
  type ReadAnswer,
  type ReadRequest,
  type RenewRequest,
  RunError,
  type RunRecord,
  type RunStore,
  type SettleRequest,
  type WriteAnswer,
} from '@holdopen/runs';
import type { Connection } from './connection.js';
import type { Doorbell } from './doorbell.js';
import { isOutOfMemory } from './failures.js';
import type { Hints } from './hints.js';
import type { Keys } from './keys.js';
import type { Argument } from './links/link.js';
import { listRunning } from './list.js';
import { parseAnswer, type ScriptAnswer } from './record.js';
import { claimScript, claimWhenFullScript } from './scripts/claim.js';
import {
  cancelScript,
  markLostScript,
  purgeScript,
  renewScript,
  settleScript,
} from './scripts/endings.js';
import { appendScript, appendWhenFullScript, getScript, readScript } from './scripts/log.js';
import type { Script } from './scripts/script.js';
import { sweepDue } from './sweep.js';

const REFUSALS = ['fenced', 'settled', 'tail', 'missing', 'full', 'cancelled'] as const;

/** Runs in Redis. Each method is one script, hence atomic; the clock is the server's. */
export class RedisStore implements RunStore {
  readonly instance = '';
  readonly #connection: Connection;
  readonly #keys: Keys;
  readonly #hints: Hints;
  readonly #doorbell: Doorbell;

  constructor(connection: Connection, keys: Keys, hints: Hints, doorbell: Doorbell) {
    this.#connection = connection;
    this.#keys = keys;
    this.#hints = hints;
    this.#doorbell = doorbell;
  }

  async claim(request: ClaimRequest): Promise<ClaimAnswer> {
    const { run, epoch, principal, route, fingerprint, restart } = request;
    const times = [request.leaseMs, request.graceMs, request.retentionMs].map(wholeMs);
    const args = [epoch, principal, route, fingerprint, ...times, ...restart];
    const answer = await this.#ask(claimScript, run, args, claimWhenFullScript);
    const { outcome, record } = answer;
    if (outcome === 'full' || record === undefined) {
      throw new RunError(
        'store_full',
        'Redis has no memory for another run. Raise its maxmemory, or shorten the retention.',
        { run },
      );
    }
    // If this fails the claim is repeated, and is answered as started again.
    if (outcome === 'started') await this.#hints.note(record);
    return { outcome: oneOf(['started', 'exists', 'conflict'], outcome), record };
  }

  async get(run: string): Promise<RunRecord | undefined> {
    return (await this.#ask(getScript, run)).record;
  }

  async append(request: AppendRequest): Promise<WriteAnswer> {
    const { run, fence, expectedTail, entries, head } = request;
    const args = [
      ...fenced(fence),
      String(expectedTail),
      ...optional(head),
      ...entries.map(buffer),
    ];
    return writeAnswer(await this.#ask(appendScript, run, args, appendWhenFullScript));
  }

  async read(request: ReadRequest): Promise<ReadAnswer | undefined> {
    const { run, epoch, after, maxEntries, maxBytes } = request;
    const args = [epoch, ...[after, maxEntries, maxBytes].map(String)];
    const { record, entries } = await this.#ask(readScript, run, args);
    return (
      record && {
        record,
        entries: entries.map((one, i) => ({ offset: after + 1 + i, bytes: one })),
      }
    );
  }

  async renew({ run, fence, leaseMs, retentionMs }: RenewRequest): Promise<WriteAnswer> {
    const args = [...fenced(fence), wholeMs(leaseMs), wholeMs(retentionMs)];
    const answer = writeAnswer(await this.#ask(renewScript, run, args));
    // The next renewal tries again.
    if (answer.ok) this.#hints.note(answer.record).catch(() => {});
    return answer;
  }

  async settle(request: SettleRequest): Promise<WriteAnswer> {
    const { run, fence, expectedTail, entry, head, state, retentionMs } = request;
    const place = [...fenced(fence), String(expectedTail), ...optional(head)];
    const unlessCancelled = request.unlessCancelled === true ? '1' : '0';
    const args = [...place, state, wholeMs(retentionMs), unlessCancelled, buffer(entry)];
    const answer = writeAnswer(await this.#ask(settleScript, run, args));
    if (answer.ok) void this.#hints.forget(answer.record);
    return answer;
  }

  async markLost(run: string, epoch: string, entry: Uint8Array): Promise<RunRecord | undefined> {
    // No epoch would mean any.
    if (epoch === '') return this.get(run);
    return (await this.#markLost(run, epoch, entry)).record;
  }

  async requestCancel(run: string, epoch: string): Promise<RunRecord | undefined> {
    return (await this.#ask(cancelScript, run, [epoch])).record;
  }

  async subscribe(run: string, ring: () => void): Promise<() => void> {
    refuseElsewhere(run);
    return this.#doorbell.subscribe(run, ring);
  }

  list(principal: string, limit: number): Promise<readonly RunRecord[]> {
    return listRunning(this.#hints, (run) => this.get(run), principal, limit);
  }

  async purge(run: string, epoch: string): Promise<RunRecord | undefined> {
    return (await this.#ask(purgeScript, run, [epoch])).record;
  }

  sweep(
    limit: number,
    lostEntry: Uint8Array,
    onLost?: (record: RunRecord) => void,
  ): Promise<number> {
    return sweepDue(this.#hints, (run) => this.#markLost(run, '', lostEntry), limit, onLost);
  }

  async close(): Promise<void> {
    this.#doorbell.close();
    this.#connection.close();
  }

  async #markLost(run: string, epoch: string, entry: Uint8Array): Promise<ScriptAnswer> {
    const answer = await this.#ask(markLostScript, run, [epoch, buffer(entry)]);
    if (answer.outcome === 'lost' && answer.record) void this.#hints.forget(answer.record);
    return answer;
  }

  /** `whenFull`: asked if the server has no memory, and tells what is there already. */
  async #ask(
    script: Script,
    run: string,
    args: readonly Argument[] = [],
    whenFull?: Script,
  ): Promise<ScriptAnswer> {
    refuseElsewhere(run);
    const all = [this.#keys.ringCommand, this.#keys.bellOf(run), run, ...args];
    const keys = this.#keys.ofRun(run);
    try {
      const answer = script.readsOnly
        ? await this.#connection.run(script, keys, all)
        : await this.#connection.write(script, keys, all);
      return parseAnswer(answer);
    } catch (error) {
      if (whenFull === undefined || !isOutOfMemory(error)) throw error;
      return parseAnswer(await this.#connection.write(whenFull, keys, all));
    }
  }
}

function writeAnswer({ outcome, record }: ScriptAnswer): WriteAnswer {
  if (outcome === 'ok' && record !== undefined) return { ok: true, record };
  return { ok: false, reason: oneOf(REFUSALS, outcome), record };
}

function oneOf<T extends string>(expected: readonly T[], outcome: string): T {
  const found = expected.find((one) => one === outcome);
  if (found !== undefined) return found;
  throw new Error(`A script of the Redis store answered ${outcome}, which it should not.`);
}

function fenced({ epoch, token }: { epoch: string; token: number }): string[] {
  return [epoch, String(token)];
}

function optional(head: Uint8Array | undefined): Argument[] {
  return head === undefined ? ['0', ''] : ['1', buffer(head)];
}

/** Redis expires keys at whole milliseconds. */
function wholeMs(ms: number): string {
  return String(Math.ceil(ms));
}

function buffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function refuseElsewhere(run: string): void {
  if (instanceOfRun(run) === '') return;
  throw new RunError(
    'run_elsewhere',
    'This run was made by a process with a memory store, and is not in Redis. Give all processes the same store.',
    { run },
  );
}
