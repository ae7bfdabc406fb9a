import { expect, test } from 'vitest';
import {
  ask,
  begin,
  gate,
  get,
  type Mount,
  openRuns,
  post,
  quietConsole,
  readHeldJson,
  SOON,
  statusOf,
  until,
  type Work,
} from '../support/index.js';

/** The connection is kept alive while its run works. */
export function heldAnswers(mount: Mount): void {
  test.each([200, 201])(
    'slow work is held, its head says where it is, and its %i comes late',
    async (status) => {
      const go = gate();
      let starts = 0;
      const work: Work = async (voice) => {
        starts += 1;
        await go.opened;
        return voice.json({ done: true }, status);
      };
      const served = await mount.serve(work, { ...SOON, runs: openRuns() });
      const reply = ask(served, post());
      const watching = await begin(served, post());
      await until('it works', () => starts > 0);
      await watching.arrived('\n\n\n');
      go.open();
      const held = await reply;
      expect(held).toMatchObject({ status: 200, ended: 'complete' });
      expect(held.headers).toMatchObject({
        holdopen: 'interval=60, format=json',
        'cache-control': 'no-store, no-transform',
      });
      expect(held.headers).toHaveProperty('holdopen-run');
      const { lateHead, payload, beats } = readHeldJson(held.body);
      expect(beats).toBeGreaterThan(0);
      expect(lateHead?.status).toBe(status);
      expect(payload).toBe('{"done":true}');
      await watching.arrived('{"done":true}');
      expect(starts).toBe(1);
      const replay = await ask(served, post());
      expect(replay).toMatchObject({ status, body: '{"done":true}' });
      expect(statusOf(replay)).toBe(statusOf(held));
    },
  );

  test('an error that comes late cannot be taken for a success, and is replayed as it was', async () => {
    const go = gate();
    const work: Work = async (voice) => {
      await go.opened;
      return voice.json({ why: 'late' }, 422);
    };
    const served = await mount.serve(work, { ...SOON, runs: openRuns() });
    const held = await begin(served, post());
    await held.arrived('\n\n');
    const reply = ask(served, post());
    // It is held, too.
    await new Promise((resolve) => setTimeout(resolve, 150));
    go.open();
    const cut = await reply;
    expect(cut.ended).toBe('cut');
    expect(readHeldJson(cut.body)).toMatchObject({
      lateHead: { status: 422 },
      payload: '{"why":"late"',
    });
    const replay = await ask(served, post());
    expect(replay).toMatchObject({ status: 422, body: '{"why":"late"}', ended: 'complete' });
  });

  test('a failure that comes late is told once', async () => {
    const said = quietConsole();
    const go = gate();
    const work: Work = async () => {
      await go.opened;
      throw new Error('a secret');
    };
    const served = await mount.serve(work, { ...SOON, runs: openRuns() });
    const held = await begin(served, post());
    await held.arrived('\n\n');
    const reply = ask(served, post());
    await new Promise((resolve) => setTimeout(resolve, 150));
    go.open();
    const cut = await reply;
    expect(cut.ended).toBe('cut');
    expect(readHeldJson(cut.body).lateHead?.status).toBe(500);
    expect((await ask(served, post())).status).toBe(500);
    expect(said.mock.calls.flat().map(String).join('\n')).not.toContain('could not be held');
  });

  test('an authorize that fails when the head has left is a failure that comes late', async () => {
    quietConsole();
    const go = gate();
    const authorize = async (): Promise<string> => {
      await go.opened;
      throw new Error('a secret');
    };
    const work: Work = (voice) => voice.json({});
    const served = await mount.serve(work, { ...SOON, runs: openRuns({ authorize }) });
    const held = await begin(served, post());
    const reply = ask(served, post());
    await held.arrived('\n\n\n');
    go.open();
    const cut = await reply;
    expect(cut.ended).toBe('cut');
    expect(readHeldJson(cut.body).lateHead?.status).toBe(500);
    expect(cut.body).not.toContain('secret');
  });

  test('who waits for a result at the run routes is held there', async () => {
    const go = gate();
    const work: Work = async (voice) => {
      await go.opened;
      return voice.json({ done: true }, 201);
    };
    const served = await mount.serve(work, { runs: openRuns() });
    const accepted = await ask(served, post({ prefer: 'respond-async' }));
    const client = await begin(served, get(`${accepted.headers.location}/result`));
    await client.arrived('\n\n\n');
    go.open();
    await client.arrived('{"done":true}');
  });
}
