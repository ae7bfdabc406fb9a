// Before its first beat holdopen is not there: the same handlers with and without it, over real
// sockets, byte by byte and event by event. In processes of their own, since some handlers throw
// where only the process can catch it.
import { beforeAll, describe, expect, test } from 'vitest';
import { newestNode } from '../../../../test/runtimes.js';
import type { ShapeReport } from './harness/compare.js';
import type { Noticed } from './harness/faults.js';
import { runScript } from './harness/spawn.js';
import type { Transport } from './harness/transports.js';

const TIMEOUT_MS = 300_000;

/** What runs in one process, beside the others. */
const RUNS: readonly (readonly [name: string, node: () => string, transports: Transport[]])[] = [
  ['the Node that runs the tests, in clear text', () => process.execPath, ['http', 'h2c']],
  ['the Node that runs the tests, over TLS', () => process.execPath, ['https', 'h2']],
  ['the newest Node', newestNode, ['http', 'h2c']],
];

const LEAST_SHAPES = { http: 200, https: 200, h2c: 150, h2: 150 } as const;

describe.concurrent.each(RUNS)('on %s', (_name, node, transports) => {
  let reports: ShapeReport[] = [];

  beforeAll(async () => {
    const { code, stdout, stderr } = await runScript(node(), 'run.ts', transports);
    expect(code, stderr).toBe(0);
    reports = JSON.parse(stdout) as ShapeReport[];
  }, TIMEOUT_MS);

  describe.each(transports)('a response over %s', (transport) => {
    const ofTransport = (): ShapeReport[] =>
      reports.filter((report) => report.transport === transport);

    test('that is finished before its first beat cannot be told from an unwrapped one', () => {
      const different = ofTransport().filter(({ differences }) => differences.length > 0);
      expect(different).toEqual([]);
    });

    test('is compared in every shape, with holdopen there each time', () => {
      const compared = ofTransport();
      expect(compared.length).toBeGreaterThanOrEqual(LEAST_SHAPES[transport]);
      expect(compared.filter((report) => report.watched < report.compared)).toEqual([]);
    });
  });
});

test.concurrent(
  'every fault of a careless wrapper is noticed by the comparison',
  async () => {
    const { code, stdout, stderr } = await runScript(process.execPath, 'faults.ts');
    expect(code, stderr).toBe(0);
    const noticed = JSON.parse(stdout) as Noticed;
    expect(Object.keys(noticed).length).toBeGreaterThan(15);
    const unnoticed = Object.keys(noticed).filter((fault) => noticed[fault] === null);
    expect(unnoticed).toEqual([]);
  },
  TIMEOUT_MS,
);
