import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  buildPage,
  Console,
  closeLid,
  press,
  signedIn,
  signIn,
  startBrowser,
  startTask,
  taskOf,
} from './support/console.js';

const LEASE_MS = 2_000;
const GRACE_MS = 1_000;
const PATIENCE_MS = 120_000;
/** All that a task says. */
const STEPS = 10;

let browser: Browser;
let pageFolder: string;
let served: Console;

beforeAll(async () => {
  [pageFolder, browser] = await Promise.all([buildPage(), startBrowser()]);
  served = await start();
}, PATIENCE_MS);
afterAll(async () => {
  served?.stop();
  await browser?.close();
});

function start(env: Readonly<Record<string, string>> = {}): Promise<Console> {
  return Console.start({
    PAGE_FOLDER: pageFolder,
    LEASE_MS: `${LEASE_MS}`,
    GRACE_MS: `${GRACE_MS}`,
    ...env,
  });
}

type Task = ReturnType<typeof taskOf>;

/** Each step once and in order: nothing was missed, and nothing was done twice. */
async function expectWhole(task: Task): Promise<void> {
  const steps = await task.steps();
  expect(steps.map((text) => Number.parseInt(text, 10))).toEqual(
    Array.from({ length: STEPS }, (_, index) => index + 1),
  );
}

test(
  'a task is started, watched, and done',
  async () => {
    const page = await signedIn(browser, served.url);
    const task = await startTask(page, 'All is well', 3);
    await task.becomes('live');
    await task.becomes('completed');
    await expectWhole(task);
    expect(await task.words()).toMatch(/^Done in [\d.]+ s\.$/);
  },
  PATIENCE_MS,
);

test(
  'the connection is cut, and the page goes on where it was',
  async () => {
    const page = await signedIn(browser, served.url);
    const requests: string[] = [];
    page.on('request', (request) => requests.push(`${request.method()} ${request.url()}`));
    const task = await startTask(page, 'Cut off', 8);
    await task.hasSteps(3);
    await press(page, 'cut');
    await task.hasSteps(5);
    await press(page, 'cut');
    await task.becomes('completed');
    await expectWhole(task);
    // It was started once, and what came back asked for the rest.
    expect(
      requests.filter((request) => request.startsWith('POST') && request.endsWith('/tasks')),
    ).toHaveLength(1);
    expect(requests.filter((request) => request.endsWith('/events')).length).toBeGreaterThan(1);
  },
  PATIENCE_MS,
);

test(
  'the network is gone for a while: the page says so, and catches up',
  async () => {
    const page = await signedIn(browser, served.url);
    const task = await startTask(page, 'In the train', 4);
    await task.hasSteps(2);
    await page.route('**/*', (route) => route.abort('internetdisconnected'));
    await fault(served, 'cut');
    await task.becomes('reconnecting');
    expect(await task.words()).toContain('The connection is lost');
    const missing = await task.steps();
    await page.unroute('**/*');
    await task.becomes('completed');
    expect(missing.length).toBeLessThan(STEPS);
    await expectWhole(task);
  },
  PATIENCE_MS,
);

test(
  'the server is restarted, and the task comes to its end in the old process',
  async () => {
    const page = await signedIn(browser, served.url);
    const task = await startTask(page, 'A deploy', 10);
    await task.hasSteps(2);
    const old = await served.replacedBy(() => press(page, 'restart'));
    // The next connection is to the new process, which has the task from Redis.
    await page.reload();
    await task.becomes('completed');
    await expectWhole(task);
    await expect
      .poll(() => served.told.at(-1), { timeout: 30_000 })
      .toBe(`Server ${old} has ended: 0`);
  },
  PATIENCE_MS,
);

test(
  'a task whose process was killed is said to be lost, and can be run again',
  async () => {
    const page = await signedIn(browser, served.url);
    const task = await startTask(page, 'Killed', 30);
    await task.hasSteps(2);
    await served.replacedBy(() => press(page, 'kill'));
    await task.becomes('lost');
    expect(await task.words()).toContain('has died');
    const said = await task.steps();
    expect(said.length).toBeGreaterThanOrEqual(2);
    await page.fill('[name=seconds]', '3');
    await task.card.getByRole('button', { name: 'Run it again' }).click();
    const again = taskOf(page, 'Killed');
    await again.hasSteps(1);
    expect(await page.locator('article').count()).toBe(2);
  },
  PATIENCE_MS,
);

test(
  'the login expires: what is watched stays watched, and nothing else is allowed',
  async () => {
    const page = await signedIn(browser, served.url);
    const task = await startTask(page, 'Longer than a login', 8);
    await task.hasSteps(2);
    await press(page, 'expire');
    await page.waitForSelector('body[data-session=out]');
    expect(await page.locator('#session').textContent()).toContain('what is watched stays watched');
    await task.hasSteps(5);
    await task.card.getByRole('button', { name: 'Stop' }).click();
    await page.waitForSelector('#notice:has-text("Sign in to stop a task.")');
    await task.becomes('completed');
    await expectWhole(task);
  },
  PATIENCE_MS,
);

test(
  'the pass of the task expires, too: whoever signs in goes on where it was',
  async () => {
    const strict = await start({ TOKEN_MS: '4000', SESSION_MS: '4000' });
    try {
      const page = await signedIn(browser, strict.url);
      const task = await startTask(page, 'No pass', 8);
      await task.hasSteps(2);
      await task.becomes('signed-out');
      expect(await task.words()).toContain('sign in');
      const before = await task.steps();
      await signIn(page);
      await task.hasSteps(before.length + 1);
      await task.becomes('completed');
      await expectWhole(task);
    } finally {
      strict.stop();
    }
  },
  PATIENCE_MS,
);

test(
  'the tab is reloaded, and shows the task from its beginning',
  async () => {
    const page = await signedIn(browser, served.url);
    const task = await startTask(page, 'Reloaded', 6);
    await task.hasSteps(3);
    await page.reload();
    await task.hasSteps(3);
    await task.becomes('completed');
    await expectWhole(task);
  },
  PATIENCE_MS,
);

test(
  'another tab finds the task, and watches it from its beginning',
  async () => {
    const page = await signedIn(browser, served.url, 'grace');
    const task = await startTask(page, 'Seen twice', 8);
    await task.hasSteps(2);
    const other = await page.context().newPage();
    await other.goto(served.url);
    await other.locator('#elsewhere button').click();
    const seen = taskOf(other, 'Seen twice');
    await seen.becomes('completed');
    await expectWhole(seen);
    await task.becomes('completed');
    // Nobody else's.
    const stranger = await signedIn(browser, served.url, 'stranger');
    expect(await stranger.locator('#elsewhere button').count()).toBe(0);
  },
  PATIENCE_MS,
);

test.each([
  ['well', 'completed', STEPS],
  ['badly', 'failed', STEPS],
] as const)(
  'a task that ends %s while the lid is closed is shown as %s',
  async (ends, phase, steps) => {
    const page = await signedIn(browser, served.url);
    const task = await startTask(page, `Closed lid, ${ends}`, 5, ends);
    await task.hasSteps(2);
    const openLid = await closeLid(browser);
    await fault(served, 'cut');
    await finished(served);
    openLid();
    await task.becomes(phase);
    expect(await task.steps()).toHaveLength(steps);
    if (phase === 'failed')
      expect(await task.words()).toBe('The task has failed on the server: The work failed.');
  },
  PATIENCE_MS,
);

test(
  'a task is stopped by its button',
  async () => {
    const page = await signedIn(browser, served.url);
    const task = await startTask(page, 'Stopped', 60);
    await task.hasSteps(2);
    await task.card.getByRole('button', { name: 'Stop' }).click();
    await task.becomes('stopped');
    expect(await task.words()).toBe('It was told to stop, and did.');
  },
  PATIENCE_MS,
);

test(
  'a task from elsewhere goes on where it was, too, when its pass and the login have expired',
  async () => {
    const strict = await start({ TOKEN_MS: '4000', SESSION_MS: '4000' });
    try {
      const page = await signedIn(browser, strict.url);
      const task = await startTask(page, 'Elsewhere, no pass', 8);
      await task.hasSteps(1);
      const other = await page.context().newPage();
      await other.goto(strict.url);
      await other.locator('#elsewhere button').click();
      const seen = taskOf(other, 'Elsewhere, no pass');
      await seen.becomes('signed-out');
      await signIn(other);
      await seen.becomes('completed');
      await expectWhole(seen);
    } finally {
      strict.stop();
    }
  },
  PATIENCE_MS,
);

test(
  'the old process has no more time: the task is begun anew in the next, and shown from its beginning',
  async () => {
    const hasty = await start({ DRAIN_MS: '200' });
    try {
      const page = await signedIn(browser, hasty.url);
      const task = await startTask(page, 'Begun anew', 8);
      await task.hasSteps(4);
      const other = await page.context().newPage();
      await other.goto(hasty.url);
      await other.locator('#elsewhere button').click();
      const seen = taskOf(other, 'Begun anew');
      await seen.hasSteps(4);
      let asked = 0;
      other.on('request', () => {
        asked += 1;
      });
      await page.route('**/tasks', (route) => route.abort());
      await hasty.replacedBy(() => press(page, 'restart'));
      // Who has no key waits for whoever has, and does not ask all the time meanwhile.
      await seen.becomes('given-up');
      await task.becomes('reconnecting');
      expect(asked).toBeLessThan(15);
      await page.unroute('**/tasks');
      await task.becomes('completed');
      await expectWhole(task);
      expect(await task.card.getAttribute('data-attempt')).toBe('2');
      await seen.becomes('completed');
      await expectWhole(seen);
      expect(asked).toBeLessThan(40);
    } finally {
      hasty.stop();
    }
  },
  PATIENCE_MS,
);

test('a server that wants to be left alone is no dead end', async () => {
  const page = await signedIn(browser, served.url, 'patient');
  const busy = { status: 429, headers: { 'retry-after': '3600' }, body: 'Later.' };
  await page.route('**/tasks', (route) => route.fulfill(busy));
  const task = await startTask(page, 'Later', 1);
  await task.becomes('unreachable');
  await page.unroute('**/tasks');
  await task.card.getByRole('button', { name: 'Try again' }).click();
  await task.becomes('completed');
  await expectWhole(task);
  await page.route('**/tasks', (route) => route.fulfill(busy));
  const other = await startTask(page, 'Never', 1);
  await other.becomes('unreachable');
  await other.card.getByRole('button', { name: 'Remove' }).click();
  await expect.poll(() => page.locator('article').count()).toBe(1);
});

test('a double click is one task', async () => {
  const page = await signedIn(browser, served.url, 'hasty');
  await page.fill('[name=seconds]', '1');
  await page.dblclick('#start button');
  await page.locator('article[data-phase=completed]').waitFor();
  expect(await page.locator('article').count()).toBe(1);
});

test('a page of another origin can do nothing, and nothing of ours may be put into another page', async () => {
  const forged = { origin: 'http://127.0.0.1:1', cookie: await cookie(served.url) };
  for (const path of ['/session', '/tasks', '/faults/kill']) {
    const headers = { ...forged, 'content-type': 'text/plain' };
    const answer = await fetch(served.url + path, {
      method: 'POST',
      headers,
      body: '{"user":"eve"}',
    });
    expect(answer.status, path).toBe(403);
  }
  const page = await fetch(served.url);
  expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
  expect(page.headers.get('x-frame-options')).toBe('SAMEORIGIN');
  const session = await fetch(`${served.url}/session`);
  expect(session.headers.get('cache-control')).toBe('no-store');
});

test('the cookie of a login is for TLS alone where the page came by it, also to a proxy in front', async () => {
  const signsIn = async (headers: Readonly<Record<string, string>>): Promise<string> => {
    const answer = await fetch(`${served.url}/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: '{"user":"ada"}',
    });
    return answer.headers.get('set-cookie') ?? '';
  };
  expect(await signsIn({})).toMatch(/Max-Age=\d+; Path=\/; HttpOnly; SameSite=Strict$/);
  expect(await signsIn({ 'x-forwarded-proto': 'https' })).toMatch(/; Secure/);
});

test('what is no JSON is refused', async () => {
  for (const path of ['/session', '/tasks']) {
    const headers = { 'content-type': 'application/json', cookie: await cookie(served.url) };
    const answer = await fetch(served.url + path, { method: 'POST', headers, body: '{' });
    expect(answer.status, path).toBe(400);
  }
});

/** From outside of any page. */
async function fault({ url }: Console, name: string): Promise<void> {
  const response = await fetch(`${url}/faults/${name}`, {
    method: 'POST',
    headers: { origin: url, cookie: await cookie(url) },
  });
  expect(response.status).toBe(204);
}

async function cookie(url: string): Promise<string> {
  const response = await fetch(`${url}/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"user":"ada"}',
  });
  return (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
}

/** Waits until the user has no running task. */
async function finished({ url }: Console): Promise<void> {
  const headers = { cookie: await cookie(url) };
  await expect
    .poll(async () => (await fetch(`${url}/runs`, { headers })).json(), { timeout: 60_000 })
    .toEqual({ runs: [] });
}
