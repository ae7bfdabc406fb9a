import { createRuns } from '@holdopen/runs';
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

test('a hold appears with what is known of it, its beats are counted, and it goes', async () => {
  const served = await Served.start({ name: 'Agents' });
  const looked = await look(browser, served);
  await looked.pill('live');
  expect(await looked.text('h1')).toBe('Agents');
  expect(await looked.text('#holds .note')).toContain('No response is held');

  const call = served.call('/v1/messages?key=secret');
  const row = looked.rows('holds').first();
  await row.waitFor(PATIENT);
  expect(await row.locator('.route .text').textContent()).toBe('POST /v1/messages');
  expect(await row.locator('.state').textContent()).toBe('held');
  expect(await row.locator('.format').textContent()).toBe('json');
  expect(await row.locator('.client').textContent()).toBe('127.0.0.0/24');
  const beats = async () => Number(await row.locator('.beats').textContent());
  const before = await beats();
  await expect.poll(beats, PATIENT).toBeGreaterThan(before);
  expect(await looked.text('#holds-figure')).toBe('1');
  await expect.poll(() => looked.text('#beats-figure'), PATIENT).toMatch(/^[1-9][\d.]* \/s$/);
  const line = await looked.page.getAttribute('#beats-line', 'aria-label');
  expect(line).toMatch(/^Beats a second over the last .*: now .*, at most [\d.]+$/);
  expect(await looked.page.getAttribute('#beats-line .line', 'd')).toMatch(/^M[\d.,-]+L/);

  call.answer();
  await expect.poll(() => looked.rows('holds').count(), PATIENT).toBe(0);
  expect(await looked.text('#holds-figure')).toBe('0');
  expect(await looked.rows('incidents').count()).toBe(0);
  // What it wrote at its end was counted, though it was gone by the next look.
  await expect.poll(() => looked.text('#bytes-more'), PATIENT).not.toBe('at most 0 B/s');
});

test('failures are told as they happen, the last first, and not those of the page itself', async () => {
  const served = await Served.start();
  const looked = await look(browser, served);
  const other = await look(browser, served);
  await other.pill('live');
  const [failing, leaving] = [served.call('/v1/fails'), served.call('/v1/leaves')];
  await expect.poll(() => looked.rows('holds').count(), PATIENT).toBe(2);
  failing.answer(529, '{"error":"overloaded"}');
  await expect.poll(() => looked.rows('incidents').count(), PATIENT).toBe(1);
  leaving.leave();
  await expect.poll(() => looked.rows('incidents').allTextContents(), PATIENT).toHaveLength(2);
  await other.page.close();
  const [last, first] = await looked.rows('incidents').all();
  expect(await last?.locator('.kind').textContent()).toBe('client left');
  expect(await last?.locator('.route .text').textContent()).toBe('POST /v1/leaves');
  expect(await looked.rows('incidents').allTextContents()).toHaveLength(2);
  expect(await first?.locator('.kind').textContent()).toBe('handler failed');
  expect(await first?.locator('.answer').textContent()).toBe('529 error_status');
  expect(await first?.locator('.held').textContent()).toMatch(/^\d+ s$/);
  await expect.poll(() => looked.text('#footer'), PATIENT).toContain('1 page open');
  expect(await looked.rows('incidents').count()).toBe(2);
});

test('a run is followed through its states, with its watchers', async () => {
  const runs = createRuns({ authorize: () => 'ada' });
  afterwards(() => runs.close());
  const served = await Served.start({}, { runs });
  const looked = await look(browser, served);
  const key = { 'Idempotency-Key': '0d5f0f5e-6f0c-4a52-a9a5-6d2f2f7f5e11' };
  const call = served.call('/v1/run', key);
  const row = looked.rows('runs').first();
  await row.waitFor(PATIENT);
  expect(await row.locator('.state').textContent()).toBe('running');
  await expect.poll(() => row.locator('.watchers').textContent(), PATIENT).toBe('1');
  expect(await looked.text('#runs-figure')).toBe('1');
  call.answer(201);
  await expect.poll(() => row.locator('.state').textContent(), PATIENT).toBe('completed');
  expect(await row.locator('.answer').textContent()).toBe('201');
  expect(await row.locator('.ended').textContent()).toMatch(/ago$/);

  const failing = served.call('/v1/fails', { 'Idempotency-Key': crypto.randomUUID() });
  await expect.poll(() => looked.text('#runs-figure'), PATIENT).toBe('1');
  await looked.rows('holds').first().waitFor(PATIENT);
  failing.answer(500, '{"error":1}');
  await expect.poll(() => looked.text('#runs-more'), PATIENT).toBe('1 completed, 1 failed');
  const kinds = looked.rows('incidents').locator('.kind');
  await expect.poll(() => kinds.allTextContents(), PATIENT).toContain('run failed');
});

test('what others have written is shown as text, and nothing of it is run', async () => {
  const hostile = '<img/src=x/onerror=globalThis.hacked=1><script>globalThis.hacked=1</script>';
  const served = await Served.start({ name: hostile, instance: hostile, client: () => hostile });
  const looked = await look(browser, served);
  const call = served.call(`/${hostile}`);
  const row = looked.rows('holds').first();
  await row.waitFor(PATIENT);
  expect(await row.locator('.route .text').textContent()).toBe(`POST /${hostile}`);
  expect(await row.locator('.client').textContent()).toBe(hostile);
  expect(await looked.text('h1')).toBe(hostile);
  call.answer(500, `{"error":"${hostile.replaceAll('"', '')}"}`);
  await expect.poll(() => looked.rows('incidents').count(), PATIENT).toBe(1);
  expect(await looked.page.title()).toContain(hostile);
  expect(await looked.page.locator('img').count()).toBe(1);
  expect(await looked.page.evaluate(() => 'hacked' in globalThis)).toBe(false);
});

test('the filter, the order and the pause are there for the keyboard', async () => {
  const served = await Served.start();
  const looked = await look(browser, served);
  served.call('/v1/older');
  await expect.poll(() => looked.rows('holds').count(), PATIENT).toBe(1);
  served.call('/v1/younger');
  served.call('/stream');
  await expect.poll(() => looked.rows('holds').count(), PATIENT).toBe(3);
  const routes = () => looked.rows('holds').locator('.route .text').allTextContents();

  await looked.page.keyboard.press('/');
  await looked.page.keyboard.type('YOUNG held');
  expect(await routes()).toEqual(['POST /v1/younger']);
  expect(await looked.text('#holds .count')).toBe('1 of 3');
  await looked.page.keyboard.press('Escape');
  expect(await looked.rows('holds').count()).toBe(3);

  await looked.page.getByRole('button', { name: 'Payload' }).press('Enter');
  expect((await routes())[0]).toBe('POST /stream');
  const head = looked.page.getByRole('columnheader', { name: 'Payload' });
  expect(await head.getAttribute('aria-sort')).toBe('descending');

  await looked.page.getByRole('button', { name: 'Pause' }).press('Enter');
  await looked.pill('paused');
  served.call('/v1/meanwhile');
  const updates = looked.page.waitForTimeout(1_000);
  await updates;
  expect(await looked.rows('holds').count()).toBe(3);
  await looked.page.getByRole('button', { name: 'Pause' }).press('Enter');
  await expect.poll(() => looked.rows('holds').count(), PATIENT).toBe(4);
});

test.each(['light', 'dark'] as const)(
  'a phone in %s sees cards, and nothing runs over its edge',
  async (colorScheme) => {
    const served = await Served.start({ name: 'A service with a name that is rather long' });
    const looked = await look(browser, served, {
      viewport: { width: 360, height: 740 },
      colorScheme,
    });
    served.call(`/v1/${'a-path-without-an-end/'.repeat(9)}`);
    await looked.rows('holds').first().waitFor(PATIENT);
    expect(await looked.page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    const background = await looked.page.evaluate(
      'getComputedStyle(document.body).backgroundColor',
    );
    const [red = 0] = String(background).match(/\d+/g)?.map(Number) ?? [];
    expect(red > 128).toBe(colorScheme === 'light');
    const label = `getComputedStyle(document.querySelector('#holds td.age'), '::before').content`;
    expect(await looked.page.evaluate(label)).toBe('"Age"');
  },
);

test('two thousand holds leave page and server at ease: the oldest are shown, the rest is counted', async () => {
  const served = await Served.start({}, { hold: { intervalMs: 5_000, firstBeatMs: 50 } });
  const looked = await look(browser, served);
  await looked.pill('live');
  for (let count = 0; count < 2_000; count += 1) served.call(`/v1/${count}`);
  await expect.poll(() => looked.text('#holds-figure'), { timeout: 30_000 }).toBe('2,000');
  expect(await looked.rows('holds').count()).toBe(200);
  expect(await looked.text('#holds .note')).toBe('1,800 younger ones not shown.');
  expect(await looked.text('#holds .count')).toBe('2,000');
  const frames = await looked.page.evaluate(`new Promise((resolve) => {
    let drawn = 0;
    const count = () => {
      drawn += 1;
      requestAnimationFrame(count);
    };
    count();
    setTimeout(() => resolve(drawn), 2_000);
  })`);
  // A page that hangs draws none at all.
  expect(frames).toBeGreaterThan(10);
  await looked.page.fill('#words', 'no such route');
  expect(await looked.rows('holds').count()).toBe(0);
  await looked.pill('live');
}, 90_000);
