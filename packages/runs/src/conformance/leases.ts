import { RunError } from '../errors.js';
import { isOverdue } from '../store.js';
import { check } from './check.js';
import { bytes, expectOk, expectOutcome, expectRefused, expectThat, textOf } from './subject.js';

// A lease is 4 units here, its grace 2, the retention 20.

export const leaseChecks = [
  check('a renewal moves lease and expiry, and a long run is not cut', async (bench) => {
    const run = await bench.start();
    for (let i = 0; i < 12; i += 1) {
      await bench.passUnits(3);
      const answer = await bench.renew(run);
      expectOk(answer, 'the owner renews');
      const { record } = answer;
      expectThat(record.leaseUntil > record.now, 'the lease goes on', record);
      expectThat(
        record.expiresAt === record.leaseUntil + record.graceMs + 20 * bench.unitMs,
        'so does the expiry',
        record,
      );
    }
    expectOk(await bench.append(run, 0, [bytes('late')]), 'after 36 units it still writes');
  }),

  check('nobody can call a run lost while its lease or its grace lasts', async (bench) => {
    const run = await bench.start();
    for (const units of [0, 3, 2]) {
      await bench.passUnits(units);
      const record = await bench.markLost(run);
      expectThat(record?.state === 'running', 'it is not lost yet', record);
      await bench.store.sweep(100, bytes('lost'));
    }
    expectThat((await bench.store.get(run.run))?.state === 'running', 'nor by the sweeper');
  }),

  check('within the grace the same owner may claim its lease again', async (bench) => {
    const run = await bench.start();
    await bench.passUnits(5);
    expectOk(await bench.append(run, 0, [bytes('a')]), 'an append within the grace');
    const answer = await bench.renew(run);
    expectOk(answer, 'a renewal within the grace');
    await bench.passUnits(3);
    expectThat((await bench.markLost(run))?.state === 'running', 'it has a whole lease again');
  }),

  check(
    'after the grace the owner can write nothing, though nobody called it lost yet',
    async (bench) => {
      const run = await bench.start();
      await bench.append(run, 0, [bytes('a')]);
      await bench.passUnits(7);
      expectRefused(await bench.renew(run), ['fenced', 'settled'], 'renew');
      expectRefused(await bench.append(run, 1, [bytes('b')]), ['fenced', 'settled'], 'append');
      expectRefused(await bench.settle(run, 1), ['fenced', 'settled'], 'settle');
      const record = await bench.markLost(run);
      expectThat(record?.state === 'lost' && record.tail === 2, 'it is lost, with its end', record);
      expectThat(textOf(await bench.entries(run))[0] === 'a', 'what it wrote is kept');
    },
  ),

  check('an owner that lost its lease while alive is refused for good', async (bench) => {
    const run = await bench.start();
    await bench.passUnits(7);
    await bench.markLost(run);
    const { record } = await bench.store.claim(bench.request({ restart: ['lost'] }));
    expectThat(record.attempt === 2, 'another took over', record);
    expectRefused(await bench.append(run, 0, [bytes('x')]), ['fenced'], 'append');
    expectRefused(await bench.settle(run, 0), ['fenced'], 'settle');
    expectRefused(await bench.renew(run), ['fenced'], 'renew');
    expectThat((await bench.markLost(run))?.state === 'running', 'nor can the old epoch end it');
  }),

  check('who speaks of an earlier start cannot call a later one lost', async (bench) => {
    const first = await bench.start();
    await bench.settle(first, 0, 'released');
    const second = await bench.start();
    await bench.passUnits(7);
    const record = await bench.markLost(first);
    expectThat(record?.state === 'running', 'though its grace is over', record);
    expectThat((await bench.markLost(second))?.state === 'lost', 'who speaks of it can');
  }),

  check('whoever reads a run is told the time by which it may be called lost', async (bench) => {
    const run = await bench.start();
    const readAll = async () => [
      await bench.store.get(run.run),
      (await bench.store.list('somebody', 10))[0],
      (await bench.store.claim(bench.request())).record,
      await bench.another.get(run.run),
    ];
    for (const record of await readAll()) {
      expectThat(record !== undefined && !isOverdue(record), 'its owner has it yet', record);
    }
    await bench.passUnits(7);
    for (const record of await readAll()) {
      expectThat(record !== undefined && isOverdue(record), 'its owner is gone', record);
    }
    expectThat((await bench.markLost(run))?.state === 'lost', 'so it is');
  }),

  check('lost is said once, by whoever is first, and is the same for all', async (bench) => {
    const run = await bench.start();
    await bench.passUnits(7);
    const records = await Promise.all(Array.from({ length: 5 }, () => bench.markLost(run)));
    for (const record of records) expectThat(record?.state === 'lost', 'all are told', record);
    expectThat((await bench.entries(run)).length === 1, 'the log has one end');
    expectOutcome(await bench.store.claim(bench.request()), 'exists', 'the key is answered');
  }),

  check('a run that nobody looks at is swept as lost, and then forgotten', async (bench) => {
    const run = await bench.start();
    await bench.passUnits(7);
    const told: (string | undefined)[] = [];
    await bench.store.sweep(100, bytes('lost'), ({ run: id, state }) => told.push(id, state));
    const record = await bench.store.get(run.run);
    expectThat(record?.state === 'lost', 'the sweeper settles it', record);
    expectThat(told.join() === `${run.run},lost`, 'and is told which', told);
    expectThat(textOf(await bench.entries(run)).join() === 'lost', 'with the entry it was given');
    expectThat((await bench.store.list('somebody', 10)).length === 0, 'it is not listed any more');
    await bench.passUnits(21);
    await bench.store.sweep(100, bytes('lost'));
    expectThat((await bench.store.get(run.run)) === undefined, 'after the retention it is gone');
  }),

  check('a running run that nobody settles leaves nothing behind', async (bench) => {
    const run = await bench.start();
    await bench.passUnits(27);
    expectThat(
      (await bench.store.get(run.run)) === undefined,
      'lease, grace and retention are over',
    );
    expectOutcome(await bench.store.claim(bench.request()), 'started', 'the key is free');
  }),

  check(
    'after a rollback the old owner and old cursors are told, and no epoch comes again',
    async (bench) => {
      const { subject } = bench;
      if (subject.snapshot === undefined) return 'skipped';
      const restore = await subject.snapshot();
      const before = await bench.start();
      await bench.append(before, 0, [bytes('a')]);
      await restore();
      expectRefused(await bench.append(before, 1, [bytes('b')]), ['missing'], 'the run is gone');
      const after = await bench.start();
      expectThat(after.fence.token === before.fence.token, 'a count alone would come again', after);
      expectThat(after.fence.epoch !== before.fence.epoch, 'but no epoch does', after);
      const old = { run: after.run, fence: before.fence };
      expectRefused(await bench.append(old, 0, [bytes('b')]), ['fenced'], 'the old fence');
      expectThat((await bench.entries(old)).length === 0, 'the old epoch reads nothing');
      return undefined;
    },
  ),

  check('a log that lost its latest entries refuses what would leave a hole', async (bench) => {
    const { subject } = bench;
    if (subject.snapshot === undefined) return 'skipped';
    const run = await bench.start();
    await bench.append(run, 0, [bytes('a')]);
    const restore = await subject.snapshot();
    await bench.append(run, 1, [bytes('b'), bytes('c')]);
    await restore();
    const answer = await bench.append(run, 3, [bytes('d')]);
    expectRefused(answer, ['tail'], 'the next append');
    expectThat(answer.record?.tail === 1, 'and is told the true tail', answer);
    expectRefused(await bench.settle(run, 3), ['tail'], 'the end');
    expectOk(await bench.settle(run, 1, 'lost'), 'the owner can end it where the log is');
    return undefined;
  }),

  check('a store with bounds refuses new runs rather than forget old ones', async (bench) => {
    const store = await bench.subject.bounded?.({ maxRuns: 2, maxBytes: 100 });
    if (store === undefined) return 'skipped';
    const claim = (letter: string) => {
      const { run, ...rest } = bench.request({ slot: letter.repeat(22) });
      return store.claim({ ...rest, run: run.slice(0, 33) + store.instance });
    };
    const { record } = await claim('a');
    await claim('b');
    const error: unknown = await claim('c').then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expectThat(error instanceof RunError && error.code === 'store_full', 'store_full', error);
    const { run, fence } = record;
    const large = await store.append({
      run,
      fence,
      expectedTail: 0,
      entries: [new Uint8Array(101)],
    });
    expectRefused(large, ['full'], 'an append beyond its bytes');
    const end = { run, fence, expectedTail: 0, entry: new Uint8Array(101) };
    expectOk(
      await store.settle({ ...end, state: 'failed', retentionMs: bench.unitMs }),
      'a run can always be ended',
    );
    await bench.passUnits(2);
    expectOutcome(await claim('c'), 'started', 'what is expired makes room');
    return undefined;
  }),
];
