import { RunError } from '../errors.js';
import { instanceOfRun, slotOfRun } from '../run-id.js';
import type {
  AppendRequest,
  ClaimAnswer,
  ClaimRequest,
  ReadAnswer,
  ReadRequest,
  RefusalReason,
  RenewRequest,
  RunRecord,
  RunStore,
  SettleRequest,
  StoredEntry,
  WriteAnswer,
} from '../store.js';
import { Doorbells } from './doorbells.js';
import { isRepeated, newRow, notYetThere, refusal } from './rules.js';
import { isOwned, type Row, type Table } from './table.js';

/** Runs in the memory of this process. Each method is one step of the event loop, hence atomic. */
export class MemoryStore implements RunStore {
  readonly instance: string;
  readonly #table: Table;
  readonly #now: () => number;
  readonly #doorbells = new Doorbells();

  constructor(instance: string, table: Table, now: () => number) {
    this.instance = instance;
    this.#table = table;
    this.#now = now;
  }

  async claim(request: ClaimRequest): Promise<ClaimAnswer> {
    this.#refuseElsewhere(request.run);
    const now = this.#now();
    const there = this.#table.inSlot(slotOfRun(request.run), now);
    if (there === undefined) {
      const row = newRow(request, now);
      this.#table.insert(row, now);
      return { outcome: 'started', record: { ...row.record, now } };
    }
    const { record } = there;
    const repeated = record.fence.epoch === request.epoch;
    if (record.fingerprint !== request.fingerprint) {
      return { outcome: 'conflict', record: { ...record, now } };
    }
    if (repeated && record.state === 'running') {
      return { outcome: 'started', record: { ...record, now } };
    }
    // A claim that was long on its way: its start is over, and no epoch comes again.
    if (repeated || record.state === 'running' || !request.restart.includes(record.state)) {
      return { outcome: 'exists', record: { ...record, now } };
    }
    this.#restart(there, request, now);
    return { outcome: 'started', record: { ...there.record, now } };
  }

  async get(run: string): Promise<RunRecord | undefined> {
    this.#refuseElsewhere(run);
    const now = this.#now();
    return recordOf(this.#table.find(run, now), now);
  }

  async append(request: AppendRequest): Promise<WriteAnswer> {
    this.#refuseElsewhere(request.run);
    const now = this.#now();
    const row = this.#table.find(request.run, now);
    const reason = refusal(row, request.fence, now);
    if (row === undefined || reason !== undefined) return refused(reason ?? 'missing', row, now);
    const fresh = notYetThere(row, request.expectedTail, request.entries);
    if (fresh === undefined) return refused('tail', row, now);
    if (!this.#table.addToLog(row, fresh, request.head, false, now)) {
      return refused('full', row, now);
    }
    this.#doorbells.ring(request.run);
    return { ok: true, record: { ...row.record, now } };
  }

  async read(request: ReadRequest): Promise<ReadAnswer | undefined> {
    this.#refuseElsewhere(request.run);
    const now = this.#now();
    const row = this.#table.find(request.run, now);
    if (row === undefined) return undefined;
    const entries: StoredEntry[] = [];
    if (row.record.fence.epoch === request.epoch) {
      let bytes = 0;
      for (let at = request.after; at < row.entries.length; at += 1) {
        if (entries.length >= request.maxEntries || bytes >= request.maxBytes) break;
        const entry = row.entries[at];
        if (entry === undefined) break;
        entries.push({ offset: at + 1, bytes: entry });
        bytes += entry.length;
      }
    }
    return { record: { ...row.record, now }, entries };
  }

  async renew(request: RenewRequest): Promise<WriteAnswer> {
    this.#refuseElsewhere(request.run);
    const now = this.#now();
    const row = this.#table.find(request.run, now);
    const reason = refusal(row, request.fence, now);
    if (row === undefined || reason !== undefined) return refused(reason ?? 'missing', row, now);
    const leaseUntil = now + request.leaseMs;
    const expiresAt = leaseUntil + row.record.graceMs + request.retentionMs;
    row.retentionMs = request.retentionMs;
    this.#table.replace(row, { ...row.record, leaseUntil, expiresAt });
    return { ok: true, record: { ...row.record, now } };
  }

  async settle(request: SettleRequest): Promise<WriteAnswer> {
    this.#refuseElsewhere(request.run);
    const now = this.#now();
    const row = this.#table.find(request.run, now);
    if (row !== undefined && isRepeated(row, request)) {
      return { ok: true, record: { ...row.record, now } };
    }
    const reason = refusal(row, request.fence, now);
    if (row === undefined || reason !== undefined) return refused(reason ?? 'missing', row, now);
    if (row.record.tail !== request.expectedTail) return refused('tail', row, now);
    if (request.unlessCancelled === true && row.record.cancelRequested) {
      return refused('cancelled', row, now);
    }
    this.#table.addToLog(row, [request.entry], request.head, true, now);
    this.#table.settle(row, request.state, request.retentionMs, now);
    this.#doorbells.ring(request.run);
    return { ok: true, record: { ...row.record, now } };
  }

  async markLost(run: string, epoch: string, entry: Uint8Array): Promise<RunRecord | undefined> {
    this.#refuseElsewhere(run);
    const now = this.#now();
    const row = this.#table.find(run, now);
    if (row?.record.fence.epoch === epoch) this.#settleIfLost(row, entry, now);
    return recordOf(row, now);
  }

  async requestCancel(run: string, epoch: string): Promise<RunRecord | undefined> {
    this.#refuseElsewhere(run);
    const now = this.#now();
    const row = this.#table.find(run, now);
    if (row?.record.state === 'running' && row.record.fence.epoch === epoch) {
      row.record = { ...row.record, cancelRequested: true };
      this.#doorbells.ring(run);
    }
    return recordOf(row, now);
  }

  async subscribe(run: string, ring: () => void): Promise<() => void> {
    this.#refuseElsewhere(run);
    return this.#doorbells.add(run, ring);
  }

  async list(principal: string, limit: number): Promise<readonly RunRecord[]> {
    const now = this.#now();
    const found: RunRecord[] = [];
    for (const { record } of this.#table.rows()) {
      if (record.principal !== principal || record.state !== 'running') continue;
      if (record.expiresAt > now) found.push({ ...record, now });
    }
    return found.sort((a, b) => a.startedAt - b.startedAt).slice(0, limit);
  }

  async purge(run: string, epoch: string): Promise<RunRecord | undefined> {
    this.#refuseElsewhere(run);
    const now = this.#now();
    const row = this.#table.find(run, now);
    const isSettled = row?.record.fence.epoch === epoch && row.record.state !== 'running';
    if (isSettled && !row.record.purged) {
      const { tail } = row.record;
      this.#table.setLog(row, [], undefined, true, now);
      // The tail stays, so that nobody takes the run for one that has written nothing.
      row.record = { ...row.record, tail, purged: true };
      this.#doorbells.ring(run);
    }
    return recordOf(row, now);
  }

  async sweep(
    limit: number,
    lostEntry: Uint8Array,
    onLost?: (record: RunRecord) => void,
  ): Promise<number> {
    const now = this.#now();
    const gone = this.#table.takeExpired(limit, now);
    for (const run of gone) this.#doorbells.ring(run);
    let swept = gone.length;
    for (const row of this.#table.rows()) {
      if (swept >= limit) break;
      if (!this.#settleIfLost(row, lostEntry, now)) continue;
      swept += 1;
      onLost?.({ ...row.record, now });
    }
    return swept;
  }

  async close(): Promise<void> {}

  #restart(row: Row, request: ClaimRequest, now: number): void {
    const { run, attempt, fence } = row.record;
    const fresh = newRow(request, now);
    this.#table.setLog(row, [], undefined, true, now);
    row.retentionMs = request.retentionMs;
    // The run keeps its name, so that its places on the wire stay; cursors name the epoch.
    this.#table.replace(row, {
      ...fresh.record,
      run,
      attempt: attempt + 1,
      fence: { epoch: request.epoch, token: fence.token + 1 },
    });
    row.entries = fresh.entries;
    this.#doorbells.ring(run);
  }

  #settleIfLost(row: Row, entry: Uint8Array, now: number): boolean {
    if (row.record.state !== 'running' || isOwned(row, now)) return false;
    this.#table.addToLog(row, [entry], undefined, true, now);
    this.#table.settle(row, 'lost', row.retentionMs, now);
    this.#doorbells.ring(row.record.run);
    return true;
  }

  #refuseElsewhere(run: string): void {
    if (instanceOfRun(run) === this.instance) return;
    throw new RunError(
      'run_elsewhere',
      'This run is in the memory of another process. Runs that many processes share need a store that they share: @holdopen/redis. Or let the load balancer send a client to the same process.',
      { run },
    );
  }
}

function refused(reason: RefusalReason, row: Row | undefined, now: number): WriteAnswer {
  return { ok: false, reason, record: recordOf(row, now) };
}

function recordOf(row: Row | undefined, now: number): RunRecord | undefined {
  return row === undefined ? undefined : { ...row.record, now };
}
