import type { Socket } from 'node:net';
import { lateHeads } from './late.js';
import { chunk, chunkedHead, END, HELD, plain } from './raw-server.js';

const JSON_TYPE = { type: 'application/json' };
const SSE = chunkedHead({ type: 'text/event-stream' });
const CLOSE_DELIMITED = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n';
const SHORT = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n';

export interface Hostile {
  readonly name: string;
  readonly answer: (socket: Socket) => unknown;
  /** What `holdFetch` and the read of its body come to, and what `holdEvents` does. */
  readonly fetched: string;
  readonly events: string;
  /** Where Chromium differs by more than the word for a break. */
  readonly chromium?: { readonly fetched: string; readonly events: string };
}

/** What both come to in Chromium, which does not say how a connection broke, or what was wrong with its bytes. */
export function inChromium({ fetched, events, chromium }: Hostile): [string, string] {
  const { fetched: first, events: second } = chromium ?? { fetched, events };
  const hidden = (said: string): string => said.replace(/\b(?:CLOSED|RESET|PROTOCOL)$/, 'NETWORK');
  return [hidden(first), hidden(second)];
}

const says =
  (text: string) =>
  (socket: Socket): unknown =>
    socket.write(text);
const endsAfter =
  (text: string) =>
  (socket: Socket): unknown =>
    socket.end(text);
/** So long what was said is given to arrive. A busy browser forgets what its page has not read by then. */
const ON_ITS_WAY_MS = 200;

/** As holdopen cuts. */
const cutsAfter =
  (text: string) =>
  (socket: Socket): unknown =>
    socket.write(text, () => setTimeout(() => socket.end(), ON_ITS_WAY_MS));
const resetsAfter =
  (text: string) =>
  (socket: Socket): unknown =>
    // A reset overtakes what is on its way: only what was acknowledged has surely come.
    socket.write(text, () => setTimeout(() => socket.resetAndDestroy(), ON_ITS_WAY_MS));

/** Beats forever, or as often as is said. */
const beats =
  (head: string, beat: string, count = Number.POSITIVE_INFINITY) =>
  (socket: Socket): void => {
    socket.write(head);
    let sent = 0;
    const timer = setInterval(() => {
      if (sent === count || socket.destroyed) return clearInterval(timer);
      sent += 1;
      socket.write(chunk(beat));
    }, 50);
  };

/** Servers that do what no server should, and what becomes of each. */
export const HOSTILE: readonly Hostile[] = [
  { name: 'no answer', answer: () => {}, fetched: 'STALLED', events: 'STALLED' },
  { name: 'FIN, no answer', answer: endsAfter(''), fetched: 'CLOSED', events: 'CLOSED' },
  {
    name: 'RST, no answer',
    answer: (socket) => socket.resetAndDestroy(),
    fetched: 'RESET',
    events: 'RESET',
  },
  {
    name: 'half a head',
    answer: endsAfter('HTTP/1.1 200 OK\r\nConte'),
    fetched: 'CLOSED',
    events: 'CLOSED',
    // Without TLS it takes what it has for the whole head.
    chromium: { fetched: '200 ""', events: 'WRONG_TYPE' },
  },
  { name: 'no HTTP', answer: endsAfter('SSH-2.0-x\r\n'), fetched: 'PROTOCOL', events: 'PROTOCOL' },
  {
    name: 'oversized head',
    answer: says(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(2_000_000)}\r\n\r\n`),
    fetched: 'PROTOCOL',
    events: 'PROTOCOL',
  },
  {
    name: 'wrong chunk size',
    answer: says(`${chunkedHead()}x\r\n`),
    fetched: 'PROTOCOL',
    events: 'WRONG_TYPE',
  },
  {
    name: 'length, FIN',
    answer: endsAfter(`${SHORT}{"a"`),
    fetched: 'CLOSED',
    events: 'WRONG_TYPE',
  },
  {
    name: 'length, RST',
    answer: resetsAfter(`${SHORT}{"a"`),
    fetched: 'RESET',
    events: 'WRONG_TYPE',
  },
  {
    name: 'length, silence',
    answer: says(`${SHORT}{"a"`),
    fetched: 'STALLED',
    events: 'WRONG_TYPE',
  },
  {
    name: 'length, white space only',
    answer: says(plain(' \n\n ', JSON_TYPE)),
    fetched: 'TRUNCATED',
    events: 'WRONG_TYPE',
  },
  {
    name: 'length, half a document',
    answer: says(plain('{"a":', JSON_TYPE)),
    fetched: 'TRUNCATED',
    events: 'WRONG_TYPE',
  },
  {
    name: 'chunks, white space only',
    answer: says(chunkedHead() + chunk('\n\n') + END),
    fetched: 'TRUNCATED',
    events: 'WRONG_TYPE',
  },
  {
    name: 'chunks, half a document',
    answer: says(chunkedHead() + chunk('[1,[2') + END),
    fetched: 'TRUNCATED',
    events: 'WRONG_TYPE',
  },
  {
    name: 'chunks, FIN',
    answer: endsAfter(`${chunkedHead()}${chunk('[1')}`),
    fetched: 'CLOSED',
    events: 'WRONG_TYPE',
  },
  {
    name: 'chunks, RST',
    answer: resetsAfter(`${chunkedHead()}${chunk('[1')}`),
    fetched: 'RESET',
    events: 'WRONG_TYPE',
  },
  {
    name: 'chunks, silence',
    answer: says(chunkedHead() + chunk('[1')),
    fetched: 'STALLED',
    events: 'WRONG_TYPE',
  },
  {
    name: 'no length, half a document',
    answer: endsAfter(`${CLOSE_DELIMITED}{"a":1`),
    fetched: 'TRUNCATED',
    events: 'WRONG_TYPE',
  },
  {
    name: 'no length, white space only',
    answer: endsAfter(`${CLOSE_DELIMITED}\n\n`),
    fetched: 'TRUNCATED',
    events: 'WRONG_TYPE',
  },
  {
    name: 'no gzip where it says so',
    answer: says(
      chunkedHead({ type: 'application/json', headers: { 'Content-Encoding': 'gzip' } }) +
        chunk('[1,2]') +
        END,
    ),
    fetched: 'PROTOCOL',
    events: 'WRONG_TYPE',
  },
  {
    name: 'a late head where nothing is held',
    answer: says(chunkedHead() + chunk(`\n${lateHeads['422']}[1]`) + END),
    fetched: `200 "\\n${JSON.stringify(lateHeads['422']).slice(1, -1)}[1]"`,
    events: 'WRONG_TYPE',
  },
  {
    name: 'held, silence in the document',
    answer: says(chunkedHead(HELD) + chunk('\n') + chunk('{"a":')),
    fetched: 'STALLED',
    events: 'WRONG_TYPE',
  },
  {
    name: 'held, white space only',
    answer: says(chunkedHead(HELD) + chunk('\n') + END),
    fetched: 'TRUNCATED',
    events: 'TRUNCATED',
  },
  {
    name: 'held, then a FIN',
    answer: endsAfter(chunkedHead(HELD) + chunk('\n')),
    fetched: 'CLOSED',
    events: 'CLOSED',
  },
  {
    name: 'held, endless beats',
    answer: beats(chunkedHead(HELD), '\n'),
    fetched: 'waits until its caller has enough',
    events: 'waits until its caller has enough',
  },
  {
    name: 'held, an error whose cut became a clean end',
    answer: says(chunkedHead(HELD) + chunk(`\n${lateHeads['422']}{"a":1`) + END),
    fetched: '422 "{\\"a\\":1}"',
    events: 'STATUS',
  },
  {
    name: 'held, an error that breaks off in the middle',
    answer: cutsAfter(chunkedHead(HELD) + chunk(`\n${lateHeads['422']}{"a":"x`)),
    fetched: 'CLOSED',
    events: 'STATUS',
  },
  {
    name: 'held, a success that is cut where a brace would end it',
    answer: cutsAfter(chunkedHead(HELD) + chunk(`\n${lateHeads['201']}{"a":1`)),
    fetched: 'CLOSED',
    events: 'WRONG_TYPE',
  },
  {
    name: 'held, the same with a clean end',
    answer: says(chunkedHead(HELD) + chunk(`\n${lateHeads['201']}{"a":1`) + END),
    fetched: 'TRUNCATED',
    events: 'WRONG_TYPE',
  },
  {
    name: 'held, a late head that is too long to be one',
    answer: says(chunkedHead(HELD) + chunk(`\r${' '.repeat(8_000)}\r`) + chunk('[1]') + END),
    fetched: '200 "[1]"',
    events: 'WRONG_TYPE',
  },
  {
    name: 'held, a late head that says nonsense',
    answer: says(chunkedHead(HELD) + chunk(`\r${'\t '.repeat(8)}\r`) + chunk('[1]') + END),
    fetched: '200 "[1]"',
    events: 'WRONG_TYPE',
  },
  {
    name: 'a HoldOpen header that is none',
    answer: says(chunkedHead({ headers: { HoldOpen: 'interval=-5; "' } }) + chunk('[1]') + END),
    fetched: '200 "[1]"',
    events: 'WRONG_TYPE',
  },
  {
    name: 'events, FIN in one',
    answer: cutsAfter(SSE + chunk('data: a\n\ndata: b')),
    fetched: 'CLOSED',
    events: 'a, then CLOSED',
  },
  {
    name: 'events, RST',
    answer: resetsAfter(SSE + chunk('data: a\n\n')),
    fetched: 'RESET',
    events: 'a, then RESET',
  },
  {
    name: 'events, silence in one',
    answer: says(SSE + chunk('data: a\n\ndata: b')),
    fetched: 'STALLED',
    events: 'a, then STALLED',
  },
  {
    name: 'events, endless comments',
    answer: beats(SSE, ': beat\n\n'),
    fetched: 'waits until its caller has enough',
    events: 'waits until its caller has enough',
  },
  {
    name: 'events, an endless line',
    answer: beats(SSE, 'x'),
    fetched: 'waits until its caller has enough',
    events: 'waits until its caller has enough',
  },
];
