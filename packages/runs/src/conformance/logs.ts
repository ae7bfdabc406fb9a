import type { RunRecord } from '../store.js';
import { check } from './check.js';
import { type Bench, bytes, expectOk, expectRefused, expectThat, textOf } from './subject.js';

export const logChecks = [
  check(
    'entries are contiguous from 1, in the order of the appends, for every reader',
    async (bench) => {
      const run = await bench.start();
      for (let tail = 0; tail < 30; tail += 3) {
        const batch = [1, 2, 3].map((i) => bytes(String(tail + i)));
        const answer = await bench.append(run, tail, batch);
        expectOk(answer, 'an append at the tail is accepted');
        expectThat(answer.record.tail === tail + 3, 'the answer says the new tail', answer);
      }
      for (const store of [bench.store, bench.another]) {
        const entries = await bench.entries(run, 0, store);
        expectThat(entries.length === 30, 'all entries are there', entries.length);
        entries.forEach((entry, i) => {
          expectThat(entry.offset === i + 1, 'offsets have no gap', entry);
          expectThat(textOf([entry])[0] === String(i + 1), 'entries keep their order', entry);
        });
        expectThat(
          (await bench.entries(run, 29, store)).length === 1,
          'a read begins behind its offset',
        );
        expectThat(
          (await bench.entries(run, 30, store)).length === 0,
          'nothing is behind the tail',
        );
        expectThat((await bench.entries(run, 99, store)).length === 0, 'nor far behind it');
      }
    },
  ),

  check('an append that does not fit the tail is refused and changes nothing', async (bench) => {
    const run = await bench.start();
    await bench.append(run, 0, [bytes('a')]);
    expectRefused(await bench.append(run, 2, [bytes('hole')]), ['tail'], 'beyond the tail');
    expectRefused(
      await bench.append(run, 0, [bytes('other')]),
      ['tail'],
      'other bytes at an offset',
    );
    expectRefused(
      await bench.append(run, 0, [bytes('other'), bytes('b')]),
      ['tail'],
      'other bytes at an offset, and more',
    );
    const answer = await bench.append(run, 2, [bytes('hole')]);
    expectThat(answer.record?.tail === 1, 'the refusal says the true tail', answer);
    expectThat(textOf(await bench.entries(run)).join() === 'a', 'the log is as it was');
  }),

  check(
    'the same append again is a success: the answer was lost, and nothing is doubled',
    async (bench) => {
      const run = await bench.start();
      const batch = [bytes('a'), bytes('b')];
      await bench.append(run, 0, batch);
      const again = await bench.append(run, 0, batch);
      expectOk(again, 'the same batch again');
      expectThat(again.record.tail === 2, 'the tail stays', again);
      const longer = await bench.append(run, 0, [...batch, bytes('c')]);
      expectOk(longer, 'the same batch with more behind it');
      expectThat(longer.record.tail === 3, 'what is new is appended', longer);
      expectOk(await bench.append(run, 0, batch), 'an older batch, when more came behind it');
      expectThat(textOf(await bench.entries(run)).join() === 'a,b,c', 'each entry stands once');
    },
  ),

  check('of racing appends at one offset one is accepted', async (bench) => {
    const run = await bench.start();
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) => bench.append(run, 0, [bytes(`from ${i}`)])),
    );
    expectThat(answers.filter((answer) => answer.ok).length === 1, 'one is accepted', answers);
    expectThat((await bench.entries(run)).length === 1, 'one entry is there');
  }),

  check('bytes come back as they were given, UTF-8 or not, and empty ones too', async (bench) => {
    const run = await bench.start();
    const every = Uint8Array.from({ length: 256 }, (_, i) => i);
    const broken = Uint8Array.of(0xff, 0xfe, 0xc3, 0x28, 0x00, 0x0d, 0x0a, 0xed, 0xa0, 0x80);
    const given = [every, broken, new Uint8Array(0), Uint8Array.of(0)];
    expectOk(await bench.append(run, 0, given, every), 'any bytes are accepted');
    const found = await bench.entries(run, 0, bench.another);
    given.forEach((one, i) => {
      expectThat(String(found[i]?.bytes) === String(one), 'entries are the same bytes', found[i]);
    });
    const record = await bench.another.get(run.run);
    expectThat(String(record?.head) === String(every), 'the head is the same bytes', record);
  }),

  check('a view into a larger buffer is stored as what it shows', async (bench) => {
    const run = await bench.start();
    const view = bytes('before|shown|after').subarray(7, 12);
    await bench.append(run, 0, [view]);
    expectThat(textOf(await bench.entries(run)).join() === 'shown', 'only what the view shows');
  }),

  check('the first head stays, with or without entries', async (bench) => {
    const run = await bench.start();
    expectOk(await bench.append(run, 0, [], bytes('head')), 'a head alone is accepted');
    await bench.append(run, 0, [bytes('a')], bytes('another'));
    const record = await bench.store.get(run.run);
    expectThat(
      record?.head !== undefined && String(record.head) === String(bytes('head')),
      'the first',
      record,
    );
    expectThat(record.tail === 1, 'a head is no entry', record);
  }),

  check('a read gives no more than it was asked for, and at least one entry', async (bench) => {
    const run = await bench.start();
    await bench.append(run, 0, [bytes('12345'), bytes('67890'), bytes('abc')]);
    const ask = { run: run.run, epoch: run.fence.epoch, after: 0 };
    const few = await bench.store.read({ ...ask, maxEntries: 2, maxBytes: 1_000 });
    expectThat(few?.entries.length === 2 && few.record.tail === 3, 'maxEntries', few);
    const small = await bench.store.read({ ...ask, maxEntries: 10, maxBytes: 1 });
    expectThat(small?.entries.length === 1, 'one entry, however large', small);
    const some = await bench.store.read({ ...ask, maxEntries: 10, maxBytes: 6 });
    expectThat(some?.entries.length === 2, 'it stops when maxBytes are reached', some);
  }),

  check('another epoch reads no entries, and is told which one there is', async (bench) => {
    const run = await bench.start();
    await bench.append(run, 0, [bytes('a')]);
    const answer = await bench.store.read({
      run: run.run,
      epoch: 'another',
      after: 0,
      maxEntries: 10,
      maxBytes: 100,
    });
    expectThat(answer?.entries.length === 0, 'no entries', answer);
    expectThat(answer.record.fence.epoch === run.fence.epoch, 'but the record', answer);
  }),

  check('another fence writes nothing: neither epoch nor token may differ', async (bench) => {
    const run = await bench.start();
    const { epoch, token } = run.fence;
    for (const fence of [
      { epoch: 'another', token },
      { epoch, token: token + 1 },
      { epoch, token: token - 1 },
    ]) {
      const stranger = { run: run.run, fence };
      expectRefused(await bench.append(stranger, 0, [bytes('x')]), ['fenced'], 'append');
      expectRefused(await bench.settle(stranger, 0), ['fenced'], 'settle');
      expectRefused(await bench.renew(stranger), ['fenced'], 'renew');
    }
    const record = await bench.store.get(run.run);
    expectThat(record?.tail === 0 && record.state === 'running', 'nothing changed', record);
  }),

  check(
    'the doorbell rings after every change, also one made by another process',
    async (bench) => {
      const run = await bench.start();
      const { ringsAfter, stop } = await listen(bench, run);
      await ringsAfter('an append', () => bench.append(run, 0, [bytes('a')]));
      await ringsAfter('a wish to cancel', () => bench.requestCancel(run));
      await ringsAfter('the end', () => bench.settle(run, 1));
      await ringsAfter('a purge', () => bench.purge(run));
      await ringsAfter('a new start', () =>
        bench.store.claim(bench.request({ restart: ['completed'] })),
      );
      stop();
    },
  ),

  check('the doorbell rings when a run is called lost, by whomever', async (bench) => {
    const one = await bench.start({ slot: 'one'.padEnd(22, '-') });
    const two = await bench.start({ slot: 'two'.padEnd(22, '-') });
    const [hearsOne, hearsTwo] = [await listen(bench, one), await listen(bench, two)];
    await bench.passUnits(7);
    await hearsOne.ringsAfter('somebody called it lost', () => bench.markLost(one));
    await hearsTwo.ringsAfter('a sweep', () => bench.store.sweep(100, bytes('lost')));
    hearsOne.stop();
    hearsTwo.stop();
  }),
];

/** Hears of a run as another process does. */
async function listen(bench: Bench, { run }: Pick<RunRecord, 'run'>) {
  let rings = 0;
  const stop = await bench.another.subscribe(run, () => {
    rings += 1;
  });
  const ringsAfter = async (what: string, change: () => Promise<unknown>): Promise<void> => {
    const before = rings;
    await change();
    for (let i = 0; rings === before && i < 50; i += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expectThat(rings > before, `it rings after ${what}`, rings);
  };
  return { ringsAfter, stop };
}
