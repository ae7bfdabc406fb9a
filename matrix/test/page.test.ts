import { describe, expect, test } from 'vitest';
import { judge } from '../src/clients/judge.js';
import { fill, lostFrom } from '../src/page/document.js';
import { drawAbsent, drawTable } from '../src/page/draw.js';
import { readPlan } from '../src/plan.js';
import { afterAll, bad, good, isKept, plain, type Table, wrong } from '../src/table.js';

type Column = 'silent' | 'json';
const TITLES = { silent: 'silent handler', json: 'held JSON' };

const table: Table<Column> = {
  columns: ['silent', 'json'],
  rows: [
    { name: 'lives', version: '1.2', cells: { silent: plain('504'), json: good('right') } },
    {
      name: 'dies, `so set`',
      version: '3.4',
      cells: { silent: plain('504'), json: bad('Error: a | b\nat http://127.0.0.1:4711/x?id=1') },
    },
    { name: 'breaks', failed: 'it ended with 1' },
    { name: 'lacks', absent: 'there is no such program' },
  ],
};

describe('the document', () => {
  test('shows a failure as a failure, in the words of the error', () => {
    expect(drawTable(table, 'client', TITLES)).toBe(
      [
        '| client | silent handler | held JSON |',
        '| --- | --- | --- |',
        '| lives 1.2 | 504 | ✓ right |',
        '| dies 3.4, `so set` | 504 | ✗ Error: a \\| b at … |',
        '| breaks | ✗ did not run: it ended with 1 |  |',
      ].join('\n'),
    );
    expect(isKept(table)).toBe(false);
  });

  test('names what the machine lacks and guesses nothing of it', () => {
    expect(drawAbsent([table])).toBe('Not on that machine:\n\n- lacks: there is no such program');
    expect(isKept({ ...table, rows: table.rows.filter((row) => 'absent' in row) })).toBe(true);
  });

  test('leaves what stands around the markers alone', () => {
    const filled = fill('before\n<!-- matrix: made -->old<!-- /matrix: made -->\nafter', {
      made: 'new',
    });
    expect(filled).toBe('before\n<!-- matrix: made -->\n\nnew\n\n<!-- /matrix: made -->\nafter');
    expect(() => fill('nothing', { made: 'new' })).toThrow(/<!-- matrix: made -->/);
  });

  test('has one place for each table, so that none stays as it was', () => {
    const place = '<!-- matrix: made -->old<!-- /matrix: made -->';
    expect(() => fill(`${place}${place}`, { made: 'new' })).toThrow(/two places for made/);
  });

  test('is not to lose what the machine lacks and another had', () => {
    const document = '| nginx 1.22.1 | ✓ |\n| httpx 0.23.3 | ✓ |\n| httpx 0.23.3, HTTP/2 | ✓ |';
    const absent = (...names: string[]): Table<Column> => ({
      columns: ['silent', 'json'],
      rows: names.map((name) => ({ name, absent: 'it is not here' })),
    });
    const names = ['nginx', 'httpx, HTTP/2', 'curl', 'nginx, HTTP/2', 'httpx-sse'];
    expect(lostFrom(document, [absent(...names), absent('nginx')])).toEqual([
      'nginx',
      'httpx, HTTP/2',
    ]);
    expect(readPlan([])?.isForced).toBe(false);
    expect(readPlan(['--force'])?.isForced).toBe(true);
  });
});

describe('the verdict on a client', () => {
  const OVER = { requests: 1, isOver: true };
  const cut = { error: 'TypeError: terminated', status: 200 };

  test('is bad where a late failure was taken for a success', () => {
    expect(judge('cut', { got: { error: 'x' } }, { wire: 'plain' }, OVER).verdict).toBe('bad');
    expect(judge('cut', cut, { wire: 'plain' }, OVER)).toEqual(
      good('TypeError: terminated; status 200'),
    );
  });

  test('is bad where comments became events or an answer came wrong', () => {
    expect(
      judge('events', { events: ['', 'first', 'last'] }, { wire: 'plain' }, OVER).verdict,
    ).toBe('bad');
    expect(
      judge('events', { text: ': k\n\ndata: first\n\ndata: last\n\n' }, { wire: 'plain' }, OVER),
    ).toEqual(good('right'));
    expect(judge('json', { got: 'text' }, { wire: 'plain' }, OVER).verdict).toBe('bad');
    expect(judge('json', { got: 'held' }, { wire: 'openai' }, OVER).verdict).toBe('good');
  });

  test('is bad where the handler had not come to its error yet, or was never asked', () => {
    const early = { requests: 1, isOver: false };
    expect(judge('cut', cut, {}, early)).toEqual(
      bad('TypeError: terminated; status 200, before it was to break'),
    );
    const refused = { error: 'Error: connect ECONNREFUSED' };
    expect(judge('cut', refused, {}, { requests: 0, isOver: false }).verdict).toBe('bad');
    expect(judge('json', {}, {}, OVER).verdict).toBe('bad');
  });

  test('is bad where a time-out was not tried, so that the row proves nothing', () => {
    expect(judge('silent', { got: { answer: 'held' } }, {}, OVER).verdict).toBe('bad');
    expect(judge('silent', { got: { answer: 'held' } }, { waits: true }, OVER)).toEqual(
      plain('waits'),
    );
  });

  test('is bad where a broken stream ends as if whole, or a late error is lost', () => {
    expect(judge('events-cut', { events: ['first'] }, {}, OVER).verdict).toBe('bad');
    expect(judge('events-error', { events: ['first'] }, {}, OVER).verdict).toBe('bad');
    expect(judge('events-error', { events: [{ error: '{}' }] }, {}, OVER)).toEqual(
      plain('event error'),
    );
  });

  test('says how far a stream came before its error', () => {
    const { text } = judge(
      'events-cut',
      { events: ['first', 'l'], error: 'Error: cut' },
      { wire: 'plain' },
      OVER,
    );
    expect(text).toBe('message first, message l, then Error: cut');
  });
});

describe('what is asked twice', () => {
  test('shows what it was at first', () => {
    expect(afterAll(bad('reset'), good('lives'))).toEqual(
      good('lives (asked twice; at first: reset)'),
    );
    expect(afterAll(bad('reset'), bad('504')).text).toBe('504');
  });

  test('is not forgiven what no busy machine does', () => {
    expect(afterAll(wrong('taken for a success'), good('cut'))).toEqual(
      wrong('taken for a success'),
    );
    expect(afterAll(good('cut'), wrong('taken for a success')).verdict).toBe('bad');
  });
});

describe('the command line', () => {
  test('writes the document only of the whole matrix', () => {
    expect(readPlan([])?.writes).toBe(true);
    expect(readPlan(['--no-write'])?.writes).toBe(false);
    expect(readPlan(['--only', 'proxies'])).toMatchObject({ clients: [], writes: false });
    expect(readPlan(['--client', 'HTTPX'])).toMatchObject({
      clients: ['httpx'],
      ...{ proxies: [], http2: [], adapters: [] },
      writes: false,
    });
    expect(readPlan(['--proxy', 'Squid'])).toMatchObject({ proxies: ['Squid'], http2: [] });
    expect(readPlan(['--adapter', 'fastify'])).toMatchObject({
      adapters: ['Fastify'],
      ...{ clients: [], proxies: [] },
      writes: false,
    });
  });

  test('refuses to ask nothing of what was named', () => {
    const nothing = /nothing of what was named is in --only/;
    expect(() => readPlan(['--only', 'http2', '--proxy', 'Squid'])).toThrow(nothing);
    expect(() => readPlan(['--only', 'proxies', '--client', 'curl'])).toThrow(nothing);
    expect(readPlan(['--only', 'http2', '--proxy', 'nginx'])).toMatchObject({
      http2: ['nginx'],
      ...{ proxies: [], clients: [], adapters: [] },
    });
  });

  test('says which names there are', () => {
    expect(() => readPlan(['--proxy', 'ngin'])).toThrow(/there is no ngin\..*nginx/);
    expect(() => readPlan(['--only', 'both'])).toThrow(/proxies, http2, adapters, clients/);
  });
});
