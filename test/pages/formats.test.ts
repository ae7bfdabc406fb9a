import { setTimeout as sleep } from 'node:timers/promises';
import { type BeatFormat, holdOpen } from '@holdopen/node';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { importBlock } from './import-block.js';
import { serving } from './serve.js';

const PAYLOAD = '<urn:a> <urn:b> "c # d" .\n<urn:a> <urn:b> <urn:e> .\n';

let nTriples: BeatFormat;

beforeAll(async () => {
  ({ nTriples } = (await importBlock('docs/extending.md', 1)) as { nTriples: BeatFormat });
});

const withoutComments = (text: string) => text.replaceAll(/^#.*\n/gm, '');

describe('the format of docs/extending.md', () => {
  test('does no harm to its payload, however that is split', () => {
    const lengths = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 30 });
    fc.assert(
      fc.property(lengths, fc.boolean(), (splits, asBytes) => {
        const tracker = nTriples.createTracker();
        let sent = '';
        let rest = PAYLOAD;
        for (const length of [...splits, PAYLOAD.length]) {
          const place = tracker.place();
          if (place !== 'closed') sent += Buffer.from(nTriples.beat(place, false) ?? '').toString();
          const chunk = rest.slice(0, length);
          rest = rest.slice(length);
          tracker.push(asBytes ? Buffer.from(chunk) : chunk);
          sent += chunk;
        }
        expect(withoutComments(sent)).toBe(PAYLOAD);
      }),
    );
  });

  test('holds a real answer, and ends a failed one with a comment and a cut', async () => {
    const listener = holdOpen(
      async (req, res) => {
        await sleep(250);
        if (req.url === '/fails') throw Object.assign(new Error('no data'), { status: 503 });
        res.end(PAYLOAD);
      },
      { format: nTriples, intervalMs: 50, onLateOutcome: () => {} },
    );
    await serving(listener, async (url) => {
      const held = await fetch(url);
      expect(held.headers.get('HoldOpen')).toBe('interval=50, format=n-triples');
      expect(held.headers.get('Content-Type')).toBe('application/n-triples');
      const text = await held.text();
      expect(text).toMatch(/^#\n/);
      expect(withoutComments(text)).toBe(PAYLOAD);

      const failed = await fetch(`${url}/fails`);
      let seen = '';
      const reading = (async () => {
        for await (const chunk of failed.body ?? []) seen += Buffer.from(chunk).toString();
      })();
      await expect(reading).rejects.toThrow('terminated');
      expect(seen).toMatch(/^# \{.*"completion_status":503.*\}\n$/m);
    });
  });
});
