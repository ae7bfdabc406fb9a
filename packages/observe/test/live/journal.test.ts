import { expect, test } from 'vitest';
import { until } from '../../../../test/support/until.js';
import { createJournal, type Incident } from '../../src/index.js';
import { KINDS } from '../../src/live/page/words.js';
import { temporaryDirectory } from '../journal/support.js';
import { afterwards, eventsOf, Served } from './support/served.js';

test('the incidents of a real journal are shown, with their number, and each kind has its words', async () => {
  const told: Incident[] = [];
  const journal = createJournal({
    directory: temporaryDirectory(),
    flushMs: 5,
    onIncident: (incident) => told.push(incident),
  });
  afterwards(() => journal.close());
  const served = await Served.start({ journal, maxIncidents: 5 });
  const onState = journal.onStateOf('POST /api');
  for (let i = 0; i < 12; i++) onState({ state: 'failed', error: { code: 'HOLDOPEN_STALLED' } });
  onState({ state: 'lost' });
  const call = served.call('/left');
  await until('it is held', async () => (await first(served)).totals.holds === 1);
  call.leave();
  await until('it is told', () => told.length === 14);
  const { incidents, totals } = await first(served);
  expect(incidents.set.map(({ id }) => id)).toEqual(
    journal
      .recent()
      .slice(0, 5)
      .map(({ id }) => id),
  );
  expect(incidents.set.map(({ kind }) => kind)).toEqual([
    'client-left',
    'call-lost',
    ...Array(3).fill('call-failed'),
  ]);
  expect(incidents.set.map(({ at }) => new Date(at).toISOString())[0]).toBe(told[13]?.time);
  expect(incidents.set.every(({ kind }) => kind in KINDS)).toBe(true);
  expect([totals.incidents, incidents.more]).toEqual([14, 9]);
});

interface Told {
  readonly totals: { readonly incidents: number; readonly holds: number };
  readonly incidents: {
    readonly more: number;
    readonly set: readonly { readonly id: string; readonly at: number; readonly kind: string }[];
  };
}

async function first({ url }: Served): Promise<Told> {
  const { body } = await fetch(`${url}/live/events`);
  if (body === null) throw new Error('a body was expected');
  const events = eventsOf(body);
  const whole = await events.next();
  await events.stop();
  return whole?.data as unknown as Told;
}
