import type { SettledState } from '../store.js';
import { check } from './check.js';
import { bytes, expectOk, expectOutcome, expectThat } from './subject.js';

export const claimChecks = [
  check('a key is claimed once: of many claims at once exactly one is started', async (bench) => {
    const claims = Array.from({ length: 20 }, (_, i) =>
      (i % 2 === 0 ? bench.store : bench.another).claim(bench.request()),
    );
    const answers = await Promise.all(claims);
    const started = answers.filter((answer) => answer.outcome === 'started');
    expectThat(started.length === 1, 'exactly one claim is started', started.length);
    const run = started[0]?.record.run;
    for (const answer of answers) {
      expectThat(answer.record.run === run, 'all claims are told the same run', answer);
    }
  }),

  check(
    'a claim that its claimant repeats is started again, since the answer was lost',
    async (bench) => {
      const request = bench.request();
      const first = await bench.store.claim(request);
      const again = await bench.store.claim(request);
      expectOutcome(again, 'started', 'the same claim is answered as started again');
      expectThat(
        again.record.fence.token === first.record.fence.token && again.record.attempt === 1,
        'a repeated claim is no new attempt',
        again,
      );
    },
  ),

  check('a claim that arrives again after its run was released starts nothing', async (bench) => {
    const request = bench.request({ restart: ['released'] });
    const { record } = await bench.store.claim(request);
    const settled = await bench.store.settle({
      run: record.run,
      fence: record.fence,
      expectedTail: 0,
      entry: bytes('end'),
      state: 'released',
      retentionMs: request.retentionMs,
    });
    expectOk(settled, 'the run is released');
    expectOutcome(await bench.store.claim(request), 'exists', 'its epoch does not come again');
  }),

  check('a new run is running, with an empty log, its lease and its expiry', async (bench) => {
    const request = bench.request();
    const { record } = await bench.store.claim(request);
    const { leaseMs, graceMs, retentionMs } = request;
    expectThat(
      record.state === 'running' && record.tail === 0 && record.attempt === 1,
      'it runs, for the first time, with nothing in its log',
      record,
    );
    expectThat(
      record.run === request.run && record.fence.epoch === request.epoch,
      'it has the id and the epoch of the claim',
      record,
    );
    expectThat(
      Math.abs(record.leaseUntil - record.now - leaseMs) <= bench.unitMs / 2,
      'the lease is from now',
      record,
    );
    expectThat(
      record.expiresAt === record.leaseUntil + graceMs + retentionMs,
      'it expires after lease, grace and retention',
      record,
    );
  }),

  check('another fingerprint under the key is a conflict, whatever the state', async (bench) => {
    const run = await bench.start();
    const other = bench.request({ fingerprint: 'another payload', restart: ['released', 'lost'] });
    expectOutcome(await bench.store.claim(other), 'conflict', 'while it runs');
    await bench.settle(run, 0, 'released');
    expectOutcome(await bench.store.claim(other), 'conflict', 'when it is released');
    const record = await bench.store.get(run.run);
    expectThat(record?.fingerprint === 'payload', 'the record is unchanged', record);
  }),

  check('a key starts anew only in the states that the claim names', async (bench) => {
    for (const state of ['completed', 'failed', 'cancelled', 'lost', 'released'] as const) {
      const slot = state.padEnd(22, 'k');
      const run = await bench.start({ slot });
      await bench.append(run, 0, [bytes('of the first attempt')], bytes('head'));
      await bench.settle(run, 1, state);
      const others = (
        ['completed', 'failed', 'cancelled', 'lost', 'released'] as SettledState[]
      ).filter((one) => one !== state);
      expectOutcome(
        await bench.store.claim(bench.request({ slot, restart: others })),
        'exists',
        `a run that is ${state} is answered`,
      );
      const again = await bench.store.claim(bench.request({ slot, restart: [state] }));
      expectOutcome(again, 'started', `a run that is ${state} starts anew if the claim says so`);
      const { record } = again;
      expectThat(record.run === run.run, 'a run that starts anew keeps its id', record);
      expectThat(
        record.attempt === 2 && record.fence.token > run.fence.token,
        'attempt and token count on',
        record,
      );
      expectThat(
        record.tail === 0 && record.head === undefined && !record.cancelRequested,
        'it begins with an empty log',
        record,
      );
      expectThat((await bench.entries(run)).length === 0, 'the old epoch has no entries any more');
    }
  }),

  check('the owner of an earlier attempt can write nothing', async (bench) => {
    const first = await bench.start();
    await bench.settle(first, 0, 'released');
    const { record } = await bench.store.claim(bench.request());
    for (const answer of [
      await bench.append(first, 0, [bytes('x')]),
      await bench.renew(first),
      await bench.settle(first, 0),
    ]) {
      expectThat(!answer.ok && answer.reason === 'fenced', 'it is refused as fenced', answer);
    }
    expectOk(await bench.append(record, 0, [bytes('y')]), 'the new owner writes');
  }),

  check('different keys have nothing to do with each other', async (bench) => {
    const one = await bench.start({ slot: 'one'.padEnd(22, '-') });
    const two = await bench.start({ slot: 'two'.padEnd(22, '-') });
    await bench.append(one, 0, [bytes('1')]);
    await bench.settle(one, 1);
    const record = await bench.store.get(two.run);
    expectThat(record?.state === 'running' && record.tail === 0, 'the other is untouched', record);
  }),

  check('an id under the same key that is not the run is not found', async (bench) => {
    await bench.start();
    const { run } = bench.request();
    expectThat((await bench.store.get(run)) === undefined, 'a guessed id gives nothing');
    const read = { run, epoch: 'x', after: 0, maxEntries: 1, maxBytes: 1 };
    expectThat((await bench.store.read(read)) === undefined, 'nor does reading it');
    expectThat((await bench.store.requestCancel(run, 'x')) === undefined, 'nor cancelling it');
    expectThat((await bench.store.purge(run, 'x')) === undefined, 'nor purging it');
  }),

  check('running runs are listed by principal, oldest first, and no others', async (bench) => {
    const first = await bench.start({ slot: 'a'.repeat(22) });
    await bench.passUnits(1);
    const second = await bench.start({ slot: 'b'.repeat(22) });
    const settled = await bench.start({ slot: 'c'.repeat(22) });
    await bench.settle(settled, 0);
    await bench.start({ slot: 'd'.repeat(22), principal: 'somebody else' });
    const listed = await bench.another.list('somebody', 10);
    expectThat(
      listed.map((record) => record.run).join() === [first.run, second.run].join(),
      'the two that run are listed',
      listed,
    );
    expectThat((await bench.store.list('somebody', 1)).length === 1, 'no more than the limit');
    expectThat((await bench.store.list('nobody', 10)).length === 0, 'nothing for others');
  }),
];
