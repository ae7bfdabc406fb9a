import { createMemoryStore } from '@holdopen/runs';
import { expect, test } from 'vitest';
import { behind } from '../../../../runs/test/support/faulty.js';
import {
  type Around,
  ask,
  begin,
  describeAt,
  gate,
  get,
  type Mount,
  NEVER_MS,
  openRuns,
  plainPost,
  post,
  quietConsole,
  requestText,
  statusOf,
  until,
  untilAlone,
  untilState,
  type Voice,
  type Work,
} from '../support/index.js';

/** What becomes of the work when a client leaves, waits, comes back, or ends it. */
export function connections(mount: Mount): void {
  function watchRequestOf({ req }: Voice, heard: string[]): void {
    for (const name of ['aborted', 'error']) req.on(name, () => heard.push(`request ${name}`));
  }

  /** What the handler is told of the connection, which should be nothing. */
  function watchOf(voice: Voice, heard: string[]): void {
    const { hold } = voice;
    watchRequestOf(voice, heard);
    const res = voice.raw();
    for (const name of ['close', 'finish', 'error']) {
      res.on(name, () => heard.push(`response ${name}`));
    }
    hold?.signal.addEventListener('abort', () => heard.push('signal'));
  }

  test('a client leaves and comes back: the work is done once and hears nothing of it', async () => {
    let starts = 0;
    const heard: string[] = [];
    const seen: unknown[] = [];
    const go = gate();
    const work: Work = async (voice) => {
      starts += 1;
      await voice.text();
      const res = voice.raw();
      watchOf(voice, heard);
      await go.opened;
      const { req } = voice;
      // Of HTTP/2 not all of them are known.
      seen.push([req.aborted, res.destroyed, res.closed].map(Boolean));
      seen.push([req.errored ?? null, res.errored ?? null, req.socket?.destroyed]);
      seen.push([res.headersSent, res.writableEnded, res.writable]);
      seen.push([...heard]);
      res.setHeader('Content-Type', 'application/json');
      res.write('{"done":');
      res.end('true}');
    };
    const served = await mount.serve(work, { runs: openRuns() });
    const client = await begin(served, post());
    await until('it works', () => starts === 1);
    client.leave();
    await untilAlone(served);
    go.open();
    const again = await ask(served, post());
    expect(again).toMatchObject({ status: 200, body: '{"done":true}', ended: 'complete' });
    expect(starts).toBe(1);
    expect(seen).toEqual([[false, false, false], [null, null, false], [false, false, true], []]);
    await until('the response is over', () => heard.includes('response close'));
    expect(heard).toEqual(['response finish', 'response close']);
  });

  test('the first client leaves, and another that waits with it gets the answer', async () => {
    let starts = 0;
    const go = gate();
    const work: Work = async (voice) => {
      starts += 1;
      await go.opened;
      return voice.json({ starts }, 201);
    };
    const runs = openRuns();
    const served = await mount.serve(work, { runs });
    const first = await begin(served, post());
    await until('it works', () => starts === 1);
    const second = ask(served, post());
    const [run = ''] = (await runs.list('ann')).map(({ id }) => id);
    await until('another watches', () => runs.context.feeds.watchers(run) === 2);
    first.leave();
    await until('one has left', () => runs.context.feeds.watchers(run) === 1);
    go.open();
    expect(await second).toMatchObject({ status: 201, body: '{"starts":1}', ended: 'complete' });
    expect(starts).toBe(1);
  });

  test('who watches at the run routes and leaves is noticed', async () => {
    const go = gate();
    async function* slow() {
      yield 'data: 1\n\n';
      await go.opened;
    }
    const runs = openRuns();
    const work: Work = (voice) => voice.stream('text/event-stream', slow());
    const served = await mount.serve(work, { runs });
    const client = await begin(served, post());
    await client.arrived('data: 1');
    const status = statusOf({ headers: client.headers() });
    const watchers = (): number => runs.context.feeds.watchers(status.split('/').at(-1) ?? '');
    const watching = await begin(served, get(`${status}/events`));
    await watching.arrived('data: 1');
    expect(watchers()).toBe(2);
    watching.leave();
    await until('it is noticed', () => watchers() === 1);
    client.leave();
    await until('that, too', () => watchers() === 0);
    go.open();
    await untilState(served, status, 'completed');
  });

  test('who waits for a result at the run routes and leaves is noticed', async () => {
    const go = gate();
    const runs = openRuns({ hold: { firstBeatMs: NEVER_MS } });
    const work: Work = async (voice) => {
      await go.opened;
      return voice.json({ done: true });
    };
    const served = await mount.serve(work, { runs });
    const accepted = await ask(served, post({ prefer: 'respond-async' }));
    const status = accepted.headers.location ?? '';
    const watchers = (): number => runs.context.feeds.watchers(status.split('/').at(-1) ?? '');
    const waiting = await begin(served, get(`${status}/result`));
    await until('it waits', () => watchers() === 1);
    waiting.leave();
    await until('it is noticed', () => watchers() === 0);
    go.open();
    await untilState(served, status, 'completed');
  });

  test.each<[string, Around]>([
    ['that its handler reads', { isUnparsed: true }],
    ['that a parser behind reads', { parser: 'behind' }],
    ['that a parser before has read', { parser: 'before' }],
  ])(
    'a client that leaves while its key is claimed has begun the work, with the body %s',
    async (_whose, around) => {
      const store = createMemoryStore();
      const claim = store.claim.bind(store);
      const go = gate();
      let claims = 0;
      store.claim = async (asked) => {
        claims += 1;
        await go.opened;
        return claim(asked);
      };
      const bodies: string[] = [];
      const heard: string[] = [];
      const work: Work = async (voice) => {
        watchRequestOf(voice, heard);
        bodies.push(await voice.text());
        return voice.json({ bodies });
      };
      const served = await mount.serve(work, { ...around, runs: openRuns({ store }) });
      const client = await begin(served, post());
      await until('its key is claimed', () => claims === 1);
      client.leave();
      await untilAlone(served);
      go.open();
      const again = await ask(served, post());
      expect(again).toMatchObject({ status: 200, ended: 'complete' });
      expect(JSON.parse(again.body)).toEqual({ bodies: ['{"n":2}'] });
      expect(bodies).toHaveLength(1);
      expect(heard).toEqual([]);
    },
  );

  test('a client that leaves in the middle of a stream stops nothing', async () => {
    const go = gate();
    let isStreamed = false;
    async function* pieces() {
      yield '{"first":1,';
      await go.opened;
      yield '"second":2}';
      isStreamed = true;
    }
    const work: Work = (voice) => voice.stream('application/json', pieces());
    const served = await mount.serve(work, { runs: openRuns(), firstBeatMs: 60 });
    const client = await begin(served, post());
    // Of a result nothing is shown before it is whole.
    await client.arrived('\n\n');
    client.leave();
    await untilAlone(served);
    go.open();
    await until('it has streamed', () => isStreamed);
    // Otherwise a machine that is busy holds the next answer, too.
    await untilState(served, statusOf({ headers: client.headers() }), 'completed');
    const again = await ask(served, post());
    expect(again).toMatchObject({ status: 200, body: '{"first":1,"second":2}' });
  });

  test('a 202 goes out at once, and the work goes on to its own end', async () => {
    const go = gate();
    const work: Work = async (voice) => {
      await go.opened;
      return voice.json({ done: true }, 201);
    };
    const served = await mount.serve(work, { runs: openRuns(), firstBeatMs: 60 });
    const accepted = await ask(served, post({ prefer: 'respond-async' }));
    expect(accepted).toMatchObject({ status: 202, ended: 'complete' });
    expect(accepted.headers).toMatchObject({
      'preference-applied': 'respond-async',
      'retry-after': '5',
    });
    const status = accepted.headers.location ?? '';
    expect(await describeAt(served, status)).toMatchObject({ state: 'running' });
    go.open();
    await untilState(served, status, 'completed');
    const result = await ask(served, get(`${status}/result`));
    expect(result).toMatchObject({ status: 201, body: '{"done":true}' });
  });

  test('who wants a 202 after a while gets the answer if that comes first', async () => {
    const work: Work = async (voice) => {
      // Longer than a first beat takes, which must not come before the 202.
      await new Promise((resolve) => setTimeout(resolve, 150));
      return voice.json({ done: true }, 201);
    };
    const served = await mount.serve(work, { runs: openRuns(), firstBeatMs: 60 });
    const reply = await ask(served, post({ prefer: 'respond-async, wait=10' }));
    expect(reply).toMatchObject({ status: 201, body: '{"done":true}' });
    expect(reply.headers).not.toHaveProperty('holdopen');
  });

  test.each([
    ['', {}],
    ['also behind a second mount', { isTwice: true }],
  ])('who wants a 202 after a while gets it then, with its head %s', async (_where, around) => {
    const go = gate();
    const work: Work = async (voice) => {
      await go.opened;
      return voice.json({ done: true }, 201);
    };
    const runs = openRuns();
    const served = await mount.serve(work, { ...around, runs, firstBeatMs: 60 });
    const accepted = await ask(served, post({ prefer: 'respond-async, wait=1' }));
    expect(accepted).toMatchObject({ status: 202, ended: 'complete' });
    expect(accepted.headers).toMatchObject({
      'preference-applied': 'respond-async, wait=1',
      location: statusOf(accepted),
    });
    expect(accepted.headers).not.toHaveProperty('holdopen');
    go.open();
    await untilState(served, statusOf(accepted), 'completed');
  });

  test('a run that is ended fires the handler’s signal, and its response closes', async () => {
    const heard: string[] = [];
    let starts = 0;
    const work: Work = async (voice) => {
      starts += 1;
      const res = voice.raw();
      watchOf(voice, heard);
      await new Promise((resolve) => voice.hold?.signal.addEventListener('abort', resolve));
      res.setHeader('Content-Type', 'application/json');
      res.end('{"never":"seen"}');
    };
    const served = await mount.serve(work, { runs: openRuns() });
    const accepted = await ask(served, post({ prefer: 'respond-async' }));
    const status = accepted.headers.location ?? '';
    const wish = await ask(served, { ...get(status), method: 'DELETE' });
    expect(wish.status).toBe(202);
    await untilState(served, status, 'cancelled');
    await until('the response closes', () => heard.includes('response close'));
    expect(heard[0]).toBe('signal');
    const again = await ask(served, post());
    expect(again.status).toBe(410);
    expect(JSON.parse(again.body)).toMatchObject({ code: 'cancelled' });
    expect(starts).toBe(1);
  });

  test('a run that is ended closes its response also if its handler never answers', async () => {
    const heard: string[] = [];
    const work: Work = (voice) => {
      watchOf(voice, heard);
      return new Promise(() => {});
    };
    const served = await mount.serve(work, { runs: openRuns({ cancelGraceMs: 100 }) });
    const accepted = await ask(served, post({ prefer: 'respond-async' }));
    const status = accepted.headers.location ?? '';
    await ask(served, { ...get(status), method: 'DELETE' });
    await untilState(served, status, 'cancelled');
    await until('the response closes', () => heard.includes('response close'));
    expect(heard[0]).toBe('signal');
    expect(heard).not.toContain('response finish');
  });

  test('a stream is closed to its handler when its run is ended', async () => {
    quietConsole();
    const ended: string[] = [];
    async function* endless() {
      try {
        for (;;) {
          yield 'data: tick\n\n';
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      } finally {
        ended.push('the source');
      }
    }
    const work: Work = (voice) => voice.stream('text/event-stream', endless());
    const served = await mount.serve(work, { runs: openRuns({ cancelGraceMs: 200 }) });
    const client = await begin(served, post());
    await client.arrived('data: tick');
    const run = statusOf({ headers: client.headers() });
    await ask(served, { ...get(run), method: 'DELETE' });
    await until('the source is told', () => ended.length === 1);
    await untilState(served, run, 'cancelled');
    await client.arrived('event: error');
  });

  test('what the handler’s hold says of itself is the run’s', async () => {
    let seen: unknown[] = [];
    const work: Work = (voice) => {
      seen = [voice.hold?.id, voice.hold?.state, voice.hold?.signal.aborted];
      return voice.json({});
    };
    const served = await mount.serve(work, { runs: openRuns() });
    const status = statusOf(await ask(served, post()));
    expect(seen).toEqual([status.split('/').at(-1), 'waiting', false]);
  });

  if (mount.transport === 'HTTP/1.1') {
    test('the connection goes on after each answer, of a run or not', async () => {
      let starts = 0;
      const work: Work = async (voice) => {
        starts += 1;
        const body = await voice.text();
        const isSlow = voice.req.headers['x-slow'] !== undefined;
        if (isSlow) await new Promise((resolve) => setTimeout(resolve, 200));
        return voice.json({ body, starts });
      };
      const served = await mount.serve(work, { runs: openRuns(), firstBeatMs: 60 });
      const client = await served.connect();
      const other = '6f1d0c1e-1b1b-4c53-8f3a-0d1d8c6d2b11';
      const texts: [string, string][] = [
        [requestText(post()), '"starts":1}'],
        [requestText(post()), '"starts":1}'],
        [requestText(plainPost()), '"starts":2}'],
        [requestText(post({ 'idempotency-key': other, 'x-slow': '1' })), '}\r\n0\r\n\r\n'],
        [requestText(plainPost()), '"starts":4}'],
      ];
      for (const [text, answer] of texts) {
        const before = client.received.length;
        client.send(text);
        const rest = (): string => client.received.subarray(before).toString();
        await until(`${answer} arrives`, () => rest().includes(answer));
        expect(rest()).toMatch(/^HTTP\/1\.1 200 OK/);
      }
      expect(client.closed).toBe(false);
      expect(served.connections.size).toBe(1);
    });
  }

  test('a store that is away stops the handler’s writes, and they go on when it is back', async () => {
    let isAway = false;
    const store = behind(createMemoryStore(), (method) =>
      isAway && method === 'append' ? 'unsent' : 'pass',
    );
    const piece = JSON.stringify('x'.repeat(8_190));
    let written = 0;
    let isStopped = false;
    const work: Work = async (voice) => {
      const res = voice.raw();
      res.setHeader('Content-Type', 'application/json');
      res.write('[');
      isAway = true;
      for (; written < 40; written += 1) {
        if (res.write(`${piece},`)) continue;
        isStopped = true;
        await new Promise<void>((resolve) => res.once('drain', resolve));
        isStopped = false;
      }
      res.end('0]');
    };
    const runs = openRuns({ store, windowBytes: 32_768 });
    const served = await mount.serve(work, { runs });
    const accepted = await ask(served, post({ prefer: 'respond-async' }));
    await until('the handler waits', () => isStopped);
    // Time for it to go on, had it not been stopped for good.
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(isStopped).toBe(true);
    // The window, and what the streams between keep.
    expect(written * piece.length).toBeLessThan(100_000);
    isAway = false;
    const status = accepted.headers.location ?? '';
    await untilState(served, status, 'completed');
    const { body } = await ask(served, get(`${status}/result`));
    expect(JSON.parse(body)).toHaveLength(41);
  });

  test('a store that is away stops what is piped into the response', async () => {
    let isAway = false;
    const store = behind(createMemoryStore(), (method) =>
      isAway && method === 'append' ? 'unsent' : 'pass',
    );
    let read = 0;
    async function* source() {
      yield '[';
      isAway = true;
      for (; read < 200; read += 1) yield `"${'x'.repeat(8_190)}",`;
      yield '0]';
    }
    const work: Work = (voice) => voice.stream('application/json', source());
    const runs = openRuns({ store, windowBytes: 32_768 });
    const served = await mount.serve(work, { runs });
    const accepted = await ask(served, post({ prefer: 'respond-async' }));
    let last = -1;
    await until('nothing more is read', () => {
      const isStill = read > 0 && read === last;
      last = read;
      return isStill;
    });
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(read * 8_192).toBeLessThan(400_000);
    isAway = false;
    const status = accepted.headers.location ?? '';
    await untilState(served, status, 'completed');
    const { body } = await ask(served, get(`${status}/result`));
    expect(JSON.parse(body)).toHaveLength(201);
  });

  test('a store that stays away fails the run, fires its signal and closes the response', async () => {
    quietConsole();
    let isAway = false;
    const heard: string[] = [];
    const store = behind(createMemoryStore(), (method) =>
      isAway && method !== 'get' ? 'unsent' : 'pass',
    );
    const work: Work = async (voice) => {
      const res = voice.raw();
      watchOf(voice, heard);
      res.setHeader('Content-Type', 'application/json');
      res.write('[');
      isAway = true;
      res.write('0,');
    };
    const runs = openRuns({ store, storeAwayMs: 150, leaseMs: 600, graceMs: 0 });
    const served = await mount.serve(work, { runs });
    const client = await begin(served, post());
    await until('the response closes', () => heard.includes('response close'));
    expect(heard[0]).toBe('signal');
    client.leave();
    await untilAlone(served);
  });
}
