import { drain, registry } from '@holdopen/node';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { look, startBrowser } from './support/browser.js';
import { afterwards, Served } from './support/served.js';

const PATIENT = { timeout: 15_000 };

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
}, 60_000);
afterAll(() => browser?.close());

test('a login that ends ends what can be seen, and one that comes back goes on', async () => {
  let signedIn = true;
  const served = await Served.start({ authorize: () => signedIn });
  const looked = await look(browser, served);
  served.call('/v1/secret');
  await looked.rows('holds').first().waitFor(PATIENT);
  signedIn = false;
  await looked.pill('signed out');
  expect(await looked.text('#banner')).toContain('Sign in again');
  expect(await looked.text('body')).not.toContain('/v1/secret');
  expect(await looked.text('#holds-figure')).toBe('–');
  expect(await looked.text('#holds .note')).toBe('');
  signedIn = true;
  await looked.pill('live');
  await looked.rows('holds').first().waitFor(PATIENT);
});

test('the server is restarted: the page says so and comes back without a reload', async () => {
  const first = await Served.start();
  const looked = await look(browser, first);
  await looked.pill('live');
  await looked.page.evaluate(() => Object.assign(globalThis, { neverReloaded: true }));
  await first.stop();
  await looked.pill('reconnecting');
  expect(await looked.text('#banner')).toContain('The connection was lost');
  const second = await Served.start({}, { port: first.port });
  await looked.pill('live');
  expect(await looked.text('#banner')).toContain('The server was restarted');
  second.call('/v1/after');
  await looked.rows('holds').first().waitFor(PATIENT);
  expect(await looked.page.evaluate(() => 'neverReloaded' in globalThis)).toBe(true);
});

test('a drain is told of, and the page waits for whoever comes after it', async () => {
  const served = await Served.start();
  const looked = await look(browser, served);
  const call = served.call('/v1/last');
  await looked.rows('holds').first().waitFor(PATIENT);
  afterwards(() => registry.reopen());
  const drained = drain({ timeoutMs: 20_000 });
  await looked.pill('draining');
  expect(await looked.text('#banner')).toContain('shutting down');
  expect(await looked.rows('holds').count()).toBe(1);
  call.answer();
  expect(await drained).toEqual({ finished: 1, ended: 0 });
  await looked.pill('reconnecting');
  registry.reopen();
  await looked.pill('live');
});

test('who finds no room is told so, and let in when somebody has left', async () => {
  const served = await Served.start({ maxWatchers: 1 });
  const first = await look(browser, served);
  await first.pill('live');
  const second = await look(browser, served);
  await second.pill('full');
  expect(await second.text('#banner')).toContain('as soon as there is room');
  await first.page.close();
  await second.pill('live');
});
