import type { Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Diagnosis } from '../../src/doctor/diagnosis.js';
import { createHeldServer } from './support/held-server.js';
import { close, listen } from './support/listen.js';
import { codes, look, said } from './support/look.js';
import { startCaddy, startHaproxy, startNginx, startVarnish } from './support/proxies.js';

let server: Server;
let diagnoses: Diagnosis[];
const ports = new Map<string, number>();
const proxies: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  server = createHeldServer();
  const target = await listen(server);
  ports.set('no proxy', target);
  const starting = { nginx: startNginx, HAProxy: startHaproxy, Caddy: startCaddy };
  await Promise.all(
    Object.entries({ ...starting, Varnish: startVarnish }).map(async ([name, start]) => {
      const proxy = await start(target);
      proxies.push(proxy);
      for (const [front, port] of Object.entries(proxy.ports)) ports.set(`${name}, ${front}`, port);
    }),
  );
  // All at once: each of them waits, most of the time.
  diagnoses = await Promise.all(
    CASES.map(({ front, path }) => {
      const scheme = front.includes('http2') ? 'https' : 'http';
      return look(`${scheme}://127.0.0.1:${ports.get(front)}${path}`, { isInsecure: true });
    }),
  );
}, 60_000);

afterAll(async () => {
  await Promise.all([...proxies.map((proxy) => proxy.close()), close(server)]);
  // The proof that was asked for: every front and what the doctor said of it.
  console.log(table());
});

interface Case {
  readonly front: string;
  readonly path: string;
  /** Problems and warnings, by their codes; none: it is well. */
  readonly found: readonly string[];
  /** Somewhere in what was found. */
  readonly says?: RegExp;
}

const well = (front: string, path = '/held'): Case => ({ front, path, found: [] });
const gathered = (front: string, says: RegExp, path = '/held'): Case => ({
  front,
  path,
  found: ['beats-gathered'],
  says,
});
const gaveUp = (front: string, says: RegExp, path = '/silent'): Case => ({
  front,
  path,
  found: ['hop-gave-up'],
  says,
});

const CASES: readonly Case[] = [
  well('no proxy'),
  well('nginx, default'),
  well('nginx, http11'),
  well('nginx, unbuffered'),
  well('nginx, http2'),
  well('HAProxy, default'),
  well('HAProxy, compression'),
  well('Caddy, default'),
  well('Caddy, gzip'),
  well('Varnish, default'),

  // X-Accel-Buffering makes nginx flush each beat; but it compresses all the same.
  { front: 'nginx, gzip', path: '/held', found: ['compressed'], says: /gzip.*nginx/s },
  gathered('nginx, deaf', /proxy_buffering off/),
  gathered('nginx, deaf-gzip', /gzip off/),
  gathered('Varnish, gzip', /do_gzip = false/),
  gathered('HAProxy, compression', /compress/, '/transformable'),

  // A stream that its handler began has no X-Accel-Buffering unless its handler sent it.
  gathered('nginx, default', /proxy_buffering off/, '/events'),
  well('nginx, http11', '/events'),
  well('Caddy, default', '/events'),

  gaveUp('nginx, default', /nginx.*proxy_read_timeout/s),
  gaveUp('HAProxy, default', /HAProxy.*timeout server/s),
  gaveUp('Caddy, default', /Caddy/),
  gaveUp('Varnish, default', /Varnish.*first_byte_timeout/s),
  gaveUp('nginx, http11', /shorter firstBeatMs and intervalMs/, '/rare-beats'),
  {
    front: 'nginx, http11',
    path: '/events-alone',
    found: ['cut'],
    says: /nginx.*proxy_read_timeout/s,
  },
  // Caddy ends a stream that it has cut as if it were whole.
  { front: 'Caddy, default', path: '/events-alone', found: ['ended-in-silence'] },

  { front: 'no proxy', path: '/dies', found: ['cut'] },
  { front: 'nginx, http2', path: '/dies', found: ['cut'] },
  { front: 'nginx, http11', path: '/dies', found: ['cut'] },
  { front: 'Caddy, default', path: '/dies', found: ['incomplete'], says: /Caddy/ },
  { front: 'no proxy', path: '/refused-late', found: ['work-failed'], says: /422/ },
  { front: 'nginx, default', path: '/refused-late', found: ['work-failed'], says: /422/ },
  { front: 'Caddy, default', path: '/refused-late', found: ['work-failed'], says: /clean end/ },
];

/** Of the certificate of the test, and of a route that has no better headers. */
const EXPECTED_ANYWAY = new Set(['certificate-not-trusted', 'transform-allowed']);

const rows: string[][] = [];

function table(): string {
  const lines = [['in front', 'route', 'verdict', 'beats', 'found'], ...rows.toSorted()];
  const widths = (lines[0] ?? []).map((_, at) =>
    Math.max(...lines.map((row) => row[at]?.length ?? 0)),
  );
  return lines
    .map((row) => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  '))
    .join('\n');
}

describe('the verdict on a real server behind real proxies', () => {
  test.each(CASES.map((one, at) => ({ ...one, at })))(
    '$front: $path: $found',
    ({ front, path, found, says, at }) => {
      const diagnosis = diagnoses[at];
      if (diagnosis === undefined) throw new Error('it was not asked');
      const { verdict, facts, findings } = diagnosis;
      const { arrival, beats } = facts.rhythm;
      const grave = codes(diagnosis).filter(
        (code) => codes(diagnosis, 'note').includes(code) === false,
      );
      rows.push([
        front,
        path,
        verdict.isWell ? 'well' : 'unwell',
        `${beats} ${arrival}`,
        grave.join(', '),
      ]);

      expect(grave.filter((code) => !EXPECTED_ANYWAY.has(code))).toEqual(found);
      expect(verdict.isWell).toBe(codes(diagnosis, 'problem').length === 0);
      if (found.length === 0) expect(arrival).toBe('one-by-one');
      if (found.includes('beats-gathered')) expect(arrival).toBe('bursts');
      if (says !== undefined) {
        expect(findings.map(({ code }) => said(diagnosis, code)).join(' ')).toMatch(says);
      }
    },
  );
});
