import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import type { Question } from '../../node/test/held/support/ask.js';
import { until } from '../../node/test/held/support/wait.js';
import { holdOpen } from '../src/index.js';
import { type DocumentedApp, tick } from './apps/app.js';
import { documentedApps } from './apps/index.js';
import { answerBytes } from './support/answers.js';
import { type LogLine, readableLogger } from './support/logs.js';
import { type ServedApp, serve } from './support/serve.js';

interface Observed {
  readonly bytes: string;
  readonly log: readonly string[];
}

interface Site {
  readonly served: ServedApp;
  readonly lines: LogLine[];
  /** How many requests holdopen watched. */
  watched: number;
  /** Responses that are not over yet. */
  unfinished: number;
}

/** Everything that does not depend on when and where the test runs. */
function essence({ level, msg, reqId, res, err, ...rest }: LogLine): string {
  const { time, pid, hostname, responseTime, req, ...more } = rest;
  return JSON.stringify([level, msg, reqId, res?.statusCode, err?.message, more]);
}

async function open(app: DocumentedApp, withHoldOpen: boolean): Promise<Site> {
  const { lines, logger } = readableLogger('debug');
  const served = await serve(
    async (instance) => {
      if (withHoldOpen) await instance.register(holdOpen);
      await app.build(instance);
    },
    'HTTP/1.1',
    { ...app.options, logger },
  );
  const site: Site = { served, lines, watched: 0, unfinished: 0 };
  served.server.on('request', ({ holdOpen: handle }: IncomingMessage, res: ServerResponse) => {
    if (handle !== undefined && handle.state !== 'off') site.watched += 1;
    site.unfinished += 1;
    res.once('close', () => {
      site.unfinished -= 1;
    });
  });
  return site;
}

async function observe(
  site: Site,
  asks: readonly Question[],
  keepsAlive: boolean | undefined,
): Promise<Observed> {
  const { lines, served } = site;
  lines.length = 0;
  const bytes = await answerBytes(served, asks, keepsAlive);
  await until('its responses have closed', () => site.unfinished === 0);
  await tick();
  return { bytes, log: lines.map(essence) };
}

describe('an application of Fastify’s documentation behaves as without holdopen', () => {
  test.each(documentedApps.map((app) => [app.title, app] as const))('%s', async (_title, app) => {
    const plain = await open(app, false);
    const held = await open(app, true);
    for (const one of app.asks) {
      const expected = await observe(plain, [one], app.keepsAlive);
      const given = await observe(held, [one], app.keepsAlive);
      expect(given).toEqual(expected);
      expect(expected.bytes).toMatch(/^HTTP\/1\.1 \d/);
    }
    if (app.alone !== true && app.keepsAlive !== true) {
      const expected = await observe(plain, app.asks, false);
      const given = await observe(held, app.asks, false);
      expect(given.bytes).toEqual(expected.bytes);
      expect([...given.log].sort()).toEqual([...expected.log].sort());
    }
    if (app.unwatched !== true) expect(held.watched).toBeGreaterThan(0);
  });
});
