import { expect, test } from 'vitest';
import { createLivePage, type LivePageOptions, networkOf } from '../../src/index.js';
import { afterwards } from './support/served.js';

const authorize = () => true;

test('without authorize there is no page, and the error says what to write', () => {
  for (const given of [undefined, null, {}, { authorize: true }, { authorize: undefined }]) {
    expect(() => createLivePage(given as never)).toThrow(
      expect.objectContaining({
        code: 'HOLDOPEN_INVALID_OPTION',
        option: 'authorize',
        message: expect.stringContaining('createLivePage({ authorize: '),
      }),
    );
  }
});

test.each<[keyof LivePageOptions, unknown]>([
  ['updateMs', 10],
  ['updateMs', Number.NaN],
  ['recheckMs', 0],
  ['maxWatchers', 0],
  ['maxRows', 1.5],
  ['maxIncidents', -1],
  ['basePath', 'live'],
  ['basePath', '/live?'],
  ['name', ''],
  ['client', 'everything'],
  ['runs', {}],
  ['journal', []],
])('%s is no %s', (option, given) => {
  expect(() => createLivePage({ authorize, [option]: given } as never)).toThrow(
    expect.objectContaining({
      code: 'HOLDOPEN_INVALID_OPTION',
      option,
      message: expect.stringContaining(option),
    }),
  );
});

test('an option that does not exist is named, with those that do', () => {
  expect(() => createLivePage({ authorize, refreshMs: 5 } as never)).toThrow(
    /no option "refreshMs". It has: authorize, .*updateMs/,
  );
});

test.each([
  ['203.0.113.77', '203.0.113.0/24'],
  ['2001:db8:85a3:8d3:1319:8a2e:370:7348', '2001:db8:85a3::/48'],
  ['2001:db8::1', '2001:db8::/48'],
  ['fe80::1%eth0', 'fe80::/48'],
  ['::1', '::/48'],
  ['not an address', undefined],
])('%s is in %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});

test.each([
  ['/ü', '/%C3%BC/'],
  ['/a/../ops', '/ops/'],
  ['/a%20b/', '/a%20b/'],
])('a base path of %s is where a request for it comes', async (basePath, path) => {
  const live = createLivePage({ authorize: () => true, basePath });
  afterwards(() => live.close());
  expect((await live.match(new Request(`http://app.test${path}`)))?.status).toBe(200);
});

test('after it was closed it is not found, and begins no stream', async () => {
  const live = createLivePage({ authorize: () => true });
  live.close();
  for (const path of ['/live/', '/live/events']) {
    expect((await live.fetch(new Request(`http://app.test${path}`))).status).toBe(404);
  }
});
