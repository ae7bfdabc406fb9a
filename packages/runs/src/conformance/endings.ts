import { check } from './check.js';
import { bytes, expectOk, expectRefused, expectThat, textOf } from './subject.js';

export const endingChecks = [
  check('the terminal entry, the state and the retention come in one step', async (bench) => {
    const run = await bench.start();
    await bench.append(run, 0, [bytes('a')]);
    const answer = await bench.settle(run, 1, 'failed', 3 * bench.unitMs);
    expectOk(answer, 'the owner settles');
    const { record } = answer;
    expectThat(record.state === 'failed' && record.tail === 2, 'state and entry', record);
    expectThat(record.settledAt !== undefined, 'the time is kept', record);
    expectThat(
      Math.abs(record.expiresAt - record.now - 3 * bench.unitMs) <= bench.unitMs / 2,
      'the retention is from now',
      record,
    );
    expectThat(textOf(await bench.entries(run)).join() === 'a,end failed', 'the log has its end');
  }),

  check('the same end again is a success, another one is refused', async (bench) => {
    const run = await bench.start();
    await bench.settle(run, 0, 'completed');
    const again = await bench.settle(run, 0, 'completed');
    expectOk(again, 'the same end again: the answer was lost');
    expectThat(again.record.tail === 1, 'and no second entry', again);
    expectRefused(await bench.settle(run, 0, 'failed'), ['settled'], 'another end');
    expectRefused(await bench.settle(run, 1, 'completed'), ['settled'], 'an end behind the end');
    expectRefused(
      await bench.append(run, 1, [bytes('x')]),
      ['settled'],
      'an append behind the end',
    );
    expectRefused(await bench.renew(run), ['settled'], 'a renewal behind the end');
  }),

  check('an end that does not fit the tail is refused', async (bench) => {
    const run = await bench.start();
    await bench.append(run, 0, [bytes('a')]);
    for (const tail of [0, 2]) {
      expectRefused(await bench.settle(run, tail), ['tail'], `at ${tail} of 1`);
    }
    const record = await bench.store.get(run.run);
    expectThat(record?.state === 'running', 'it still runs', record);
  }),

  check(
    'of complete, fail, cancel and sweep at once one wins, and the log has one end',
    async (bench) => {
      for (let round = 0; round < 5; round += 1) {
        const run = await bench.start({ slot: `race-${round}`.padEnd(22, '-') });
        // On the edge of the grace, so that the sweep may win as well.
        if (round % 2 === 1) await bench.passUnits(7);
        const settles = [
          bench.settle(run, 0, 'completed'),
          bench.settle(run, 0, 'failed'),
          bench.settle(run, 0, 'cancelled'),
        ];
        const [answers, , , cancelled] = await Promise.all([
          Promise.all(settles),
          bench.markLost(run),
          bench.store.sweep(10, bytes('end lost')),
          bench.requestCancel(run),
        ]);
        const record = await bench.store.get(run.run);
        expectThat(record !== undefined && record.state !== 'running', 'it is settled', record);
        expectThat(cancelled !== undefined, 'a wish to cancel is answered', cancelled);
        const winners = answers.filter((answer) => answer.ok);
        const lost = record.state === 'lost';
        expectThat(winners.length === (lost ? 0 : 1), 'one owner wins, or none', answers);
        expectThat(
          winners.every((answer) => answer.record?.state === record.state),
          'the state is the winner’s',
          { answers, record },
        );
        expectThat((await bench.entries(run)).length === 1, 'the log has one end');
      }
    },
  ),

  check('a wish to cancel is told to the owner and changes nothing else', async (bench) => {
    const run = await bench.start();
    const wished = await bench.requestCancel(run, bench.another);
    expectThat(wished?.state === 'running' && wished.cancelRequested, 'it still runs', wished);
    for (const answer of [await bench.renew(run), await bench.append(run, 0, [bytes('a')])]) {
      expectOk(answer, 'the owner may still write');
      expectThat(answer.record.cancelRequested, 'and is told', answer);
    }
    await bench.settle(run, 1, 'completed');
    const settled = await bench.requestCancel(run);
    expectThat(settled?.state === 'completed', 'a settled run is not changed by it', settled);
  }),

  check('an end that yields to a wish to cancel is refused behind one', async (bench) => {
    const run = await bench.start();
    const settle = () =>
      bench.store.settle({
        run: run.run,
        fence: run.fence,
        expectedTail: 0,
        entry: bytes('end completed'),
        state: 'completed',
        retentionMs: 20 * bench.unitMs,
        unlessCancelled: true,
      });
    await bench.requestCancel(run, bench.another);
    for (let i = 0; i < 2; i += 1) {
      expectRefused(await settle(), ['cancelled'], 'the end of before the wish');
    }
    expectOk(await bench.settle(run, 0, 'cancelled'), 'the end that was wished for');
    const other = await bench.start({ slot: 'other'.padEnd(22, '-') });
    const free = { run: other.run, fence: other.fence, expectedTail: 0 };
    const end = { entry: bytes('end'), state: 'completed', retentionMs: bench.unitMs } as const;
    const ended = await bench.store.settle({ ...free, ...end, unlessCancelled: true });
    expectOk(ended, 'without a wish any end');
    await bench.requestCancel(other);
    const again = await bench.store.settle({ ...free, ...end, unlessCancelled: true });
    expectOk(again, 'the same end again, whatever was wished since');
  }),

  check('a purge removes the log of a settled run and still guards its key', async (bench) => {
    const run = await bench.start();
    await bench.append(run, 0, [bytes('secret')], bytes('head'));
    const running = await bench.purge(run);
    expectThat(running?.state === 'running' && !running.purged, 'not while it runs', running);
    await bench.settle(run, 1);
    const purged = await bench.purge(run);
    expectThat(purged?.purged === true && purged.head === undefined, 'head and log go', purged);
    expectThat(purged.logBytes === 0, 'and their bytes', purged);
    expectThat((await bench.entries(run)).length === 0, 'nothing can be read');
    const again = await bench.store.claim(bench.request());
    expectThat(
      again.outcome === 'exists' && again.record.purged,
      'the key does not start its work again',
      again,
    );
    expectThat((await bench.purge(run))?.purged === true, 'again is no error');
  }),

  check(
    'a wish to cancel or to purge that comes late does not touch a later attempt',
    async (bench) => {
      const first = await bench.start();
      await bench.settle(first, 0, 'released');
      const { record: second } = await bench.store.claim(bench.request());
      expectThat(second.attempt === 2 && second.run === first.run, 'the run starts anew', second);
      await bench.append(second, 0, [bytes('a')], bytes('head'));
      const wished = await bench.requestCancel(first);
      expectThat(wished?.cancelRequested === false, 'a wish of before is not of now', wished);
      expectThat(wished.fence.epoch === second.fence.epoch, 'the record is told', wished);
      await bench.settle(second, 1);
      const purged = await bench.purge(first);
      expectThat(purged?.purged === false, 'nor is its output removed', purged);
      expectThat((await bench.entries(second)).length === 2, 'which can be read');
    },
  ),

  check('a settled run is forgotten after its retention, and the key is free', async (bench) => {
    const run = await bench.start();
    await bench.settle(run, 0, 'completed', 3 * bench.unitMs);
    await bench.passUnits(2);
    expectThat((await bench.store.get(run.run))?.state === 'completed', 'it is kept until then');
    await bench.passUnits(2);
    expectThat((await bench.store.get(run.run)) === undefined, 'then it is gone');
    const answer = await bench.store.claim(bench.request());
    expectThat(
      answer.outcome === 'started' && answer.record.attempt === 1 && answer.record.run !== run.run,
      'a new claim makes a new run',
      answer,
    );
  }),

  check('writes to a run that is not there are answered as missing', async (bench) => {
    const ghost = { run: bench.request().run, fence: { epoch: 'x', token: 1 } };
    expectRefused(await bench.append(ghost, 0, [bytes('x')]), ['missing'], 'append');
    expectRefused(await bench.settle(ghost, 0), ['missing'], 'settle');
    expectRefused(await bench.renew(ghost), ['missing'], 'renew');
    expectThat((await bench.markLost(ghost)) === undefined, 'nor can it be lost');
  }),
];
