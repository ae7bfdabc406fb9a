/** A recorded exchange that breaks at every one of its bytes. */
import net from 'node:net';
import { expect, test } from 'vitest';
import { HoldOpenError, holdFetch } from '../src/index.js';
import { afterBeats } from './support/gate.js';
import { RawServer } from './support/raw-server.js';
import { adapters } from './support/servers.js';

/** What a real server sends, to the end of its connection. */
async function record(answer: () => Response): Promise<Buffer> {
  const { gate, onBeat } = afterBeats(2);
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

/** What became of it: the status and text of an answer, or the code of an error. */
async function outcomeAt(bytes: Buffer, end: End): Promise<string> {
  await using server = await RawServer.start((socket) => {
    const finish = (): unknown => (end === 'FIN' ? socket.end() : socket.resetAndDestroy());
    if (bytes.length === 0) finish();
    // A reset overtakes what is on its way.
    else socket.write(bytes, () => (end === 'FIN' ? finish() : setTimeout(finish, 3)));
  });
  try {
    const response = await holdFetch(server.url, {
      method: 'POST',
      body: 'x',
      holdOpen: { retry: false },
    });
    return `${response.status} ${await response.text()}`;
  } catch (error) {
    return error instanceof HoldOpenError ? error.code : `${error}`;
  }
}

/** A table of what each became, as runs of offsets. */
async function table(whole: Buffer, end: End): Promise<string[]> {
  const rows: string[] = [];
  for (let offset = 0; offset <= whole.length; offset += 1) {
    rows.push(await outcomeAt(whole.subarray(0, offset), end));
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
