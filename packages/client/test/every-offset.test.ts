/** A recorded exchange that breaks at every one of its bytes. */
import net from 'node:net';
import { expect, test } from 'vitest';
import { HoldOpenError, holdEvents, holdFetch } from '../src/index.js';
import { afterBeats } from './support/gate.js';
import { RawServer } from './support/raw-server.js';
import { adapters } from './support/servers.js';

/** What a real server sends, to the end of its connection. */
async function record(answer: () => Response, beats = 2): Promise<Buffer> {
  const { gate, onBeat } = afterBeats(beats);
  if (beats === 0) gate.open();
  await using server = await adapters.node(
    async () => {
      await gate.opened;
      return answer();
    },
    { onBeat },
  );
  const socket = net.connect(server.port, '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  const chunks: Buffer[] = [];
  for await (const bytes of socket) chunks.push(bytes as Buffer);
  // Without it the connection would not have to break for the body to end.
  return Buffer.from(
    Buffer.concat(chunks)
      .toString('latin1')
      .replace(/^connection: close\r\n/im, ''),
    'latin1',
  );
}

type End = 'FIN' | 'RST';

type Ask = (url: string) => Promise<string>;

const ONCE = { method: 'POST', body: 'x', holdOpen: { retry: false } } as const;
const codeOf = (error: unknown): string =>
  error instanceof HoldOpenError ? error.code : `${error}`;

/** The status and text of an answer, or the code of an error. */
const answerOf: Ask = async (url) => {
  try {
    const response = await holdFetch(url, ONCE);
    return `${response.status} ${await response.text()}`;
  } catch (error) {
    return codeOf(error);
  }
};

/** The events, and how they ended. */
const eventsOf: Ask = async (url) => {
  const seen: string[] = [];
  try {
    for await (const { data } of holdEvents(url, ONCE)) seen.push(data);
    seen.push('the end');
  } catch (error) {
    seen.push(codeOf(error));
  }
  return seen.join(' ');
};

async function outcomeAt(bytes: Buffer, end: End, ask: Ask): Promise<string> {
  await using server = await RawServer.start((socket) => {
    const finish = (): unknown => (end === 'FIN' ? socket.end() : socket.resetAndDestroy());
    if (bytes.length === 0) finish();
    // A reset overtakes what is on its way.
    else socket.write(bytes, () => (end === 'FIN' ? finish() : setTimeout(finish, 3)));
  });
  return await ask(server.url);
}

/** A table of what each became, as runs of offsets. */
async function table(whole: Buffer, end: End, ask = answerOf): Promise<string[]> {
  const rows: string[] = [];
  for (let offset = 0; offset <= whole.length; offset += 1) {
    rows.push(await outcomeAt(whole.subarray(0, offset), end, ask));
  }
  return rows;
}

function show(title: string, rows: readonly string[]): void {
  const lines: string[] = [];
  for (let from = 0; from < rows.length; ) {
    let to = from;
    while (rows[to + 1] === rows[from]) to += 1;
    lines.push(`  bytes ${String(from).padStart(4)} to ${String(to).padStart(4)}: ${rows[from]}`);
    from = to + 1;
  }
  console.log([title, ...lines].join('\n'));
}

const BROKEN = /^HOLDOPEN_(?:RESET|CLOSED|TRUNCATED|PROTOCOL)$/;

test.each(['FIN', 'RST'] as const)(
  'a success that breaks off with a %s is never taken for one',
  async (end) => {
    const whole = await record(() => Response.json({ a: [1, 'ü'] }));
    const rows = await table(whole, end);
    show(`A held success that breaks off with a ${end}`, rows);
    for (const row of rows.slice(0, -1)) expect(row).toMatch(BROKEN);
    expect(rows.at(-1)).toBe('200 {"a":[1,"ü"]}');
  },
  60_000,
);

test.each(['FIN', 'RST'] as const)(
  'an error that breaks off with a %s is an error, and whole where the server has cut it',
  async (end) => {
    const whole = await record(() => Response.json({ no: 'such' }, { status: 404 }));
    const rows = await table(whole, end);
    show(`A held 404 that breaks off with a ${end}`, rows);
    for (const row of rows) {
      if (BROKEN.test(row)) continue;
      // Its status is true wherever it broke off; of its members some may be missing.
      expect(row).toMatch(/^404 \{(?:"no":"such")?\}$/);
    }
    expect(rows.at(-1)).toBe('404 {"no":"such"}');
  },
  60_000,
);

test.each(['FIN', 'RST'] as const)(
  'an answer that was not held and breaks off with a %s is never taken for whole',
  async (end) => {
    const whole = await record(() => Response.json({ a: [1, 'ü'] }, { status: 201 }), 0);
    expect(whole.toString()).not.toMatch(/holdopen/i);
    const rows = await table(whole, end);
    show(`An answer that was not held and breaks off with a ${end}`, rows);
    for (const row of rows.slice(0, -1)) expect(row).toMatch(BROKEN);
    expect(rows.at(-1)).toBe('201 {"a":[1,"ü"]}');
  },
  60_000,
);

test.each(['FIN', 'RST'] as const)(
  'of events that break off with a %s the whole ones are given, and no end is told',
  async (end) => {
    const events = 'id: 1\ndata: a\n\ndata: b\ndata: b\n\n';
    const headers = { 'Content-Type': 'text/event-stream' };
    const whole = await record(() => new Response(events, { headers }));
    const rows = await table(whole, end, eventsOf);
    show(`Events that break off with a ${end}`, rows);
    for (const row of rows.slice(0, -1)) {
      const [error, ...given] = row.split(/[ \n]/).reverse();
      expect(error).toMatch(BROKEN);
      expect(['', 'a', 'a b b']).toContain(given.reverse().join(' '));
    }
    expect(rows.at(-1)).toBe('a b\nb the end');
  },
  60_000,
);
