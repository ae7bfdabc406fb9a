// The example as people start it, and a real Chromium that looks at it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { build } from 'vite';
import { expect } from 'vitest';
import { chromiumPath } from '../../../../test/runtimes.js';
import { freePort } from '../../../../test/support/program.js';
import { type RedisServer, startRedis } from '../../src/start/children.js';
import { Supervisor } from '../../src/start/supervisor.js';

const PATIENT = { timeout: 60_000 };
const repository = join(import.meta.dirname, '../../../..');

/** The page, made of the sources of the packages, as all tests are. */
export async function buildPage(): Promise<string> {
  const outDir = mkdtempSync(join(tmpdir(), 'agent-console-page-'));
  process.once('exit', () => rmSync(outDir, { recursive: true, force: true }));
  await build({
    configFile: join(import.meta.dirname, '../../vite.config.ts'),
    logLevel: 'error',
    resolve: {
      alias: { '@holdopen/client': join(repository, 'packages/client/src/index.ts') },
    },
    build: { outDir },
  });
  return outDir;
}

export async function startBrowser(): Promise<Browser> {
  // The tests of a container often run as root, which the sandbox refuses.
  return chromium.launch({ executablePath: chromiumPath(), args: ['--no-sandbox'] });
}

/** Redis, the server, and whoever starts it again. */
export class Console {
  readonly url: string;
  readonly supervisor: Supervisor;
  readonly told: string[] = [];
  readonly #redis: RedisServer | undefined;

  private constructor(
    port: number,
    redis: RedisServer | undefined,
    env: Readonly<Record<string, string>>,
  ) {
    this.url = `http://127.0.0.1:${port}`;
    this.#redis = redis;
    this.supervisor = new Supervisor(
      {
        PORT: `${port}`,
        ...(redis && { REDIS_URL: redis.url }),
        TSX_TSCONFIG_PATH: join(repository, 'tsconfig.test.json'),
        ...env,
      },
      (what) => this.told.push(what),
      ['--import', 'tsx'],
    );
  }

  static async start(env: Readonly<Record<string, string>>): Promise<Console> {
    const console = new Console(await freePort(), await startRedis(), env);
    await console.supervisor.start();
    return console;
  }

  /** Does something to the server, and waits for the one that comes after it. */
  async replacedBy(fault: () => Promise<void>): Promise<number | undefined> {
    const { pid } = this.supervisor;
    const count = this.told.filter((what) => what.endsWith('listens')).length;
    await fault();
    await expect
      .poll(() => this.told.filter((what) => what.endsWith('listens')).length, PATIENT)
      .toBeGreaterThan(count);
    return pid;
  }

  stop(): void {
    this.supervisor.stop();
    this.#redis?.stop();
  }
}

/**
 * Stops all pages, as a system does when the lid is closed; gives what opens it again. The command of
 * DevTools for that does nothing without a window: Page.setWebLifecycleState.
 */
export async function closeLid(browser: Browser): Promise<() => void> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const pages = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
  for (const pid of pages) process.kill(pid, 'SIGSTOP');
  return () => {
    for (const pid of pages) process.kill(pid, 'SIGCONT');
  };
}

/** A page where somebody is signed in. */
export async function signedIn(browser: Browser, url: string, user = 'ada'): Promise<Page> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(url);
  await signIn(page, user);
  return page;
}

export async function signIn(page: Page, user = 'ada'): Promise<void> {
  await page.fill('[name=user]', user);
  await page.click('#sign-in button');
  await page.waitForSelector('body[data-session=in]');
}

export async function startTask(page: Page, title: string, seconds: number, ends = 'well') {
  await page.fill('[name=title]', title);
  await page.fill('[name=seconds]', `${seconds}`);
  await page.selectOption('[name=ends]', ends);
  await page.click('#start button');
  return taskOf(page, title);
}

export function taskOf(page: Page, title: string) {
  const card = page.locator('article', { has: page.locator('h2', { hasText: title }) }).first();
  return {
    card,
    phase: () => card.getAttribute('data-phase'),
    words: () => card.locator('p').textContent(),
    steps: () => card.locator('li').allTextContents(),
    becomes: (phase: string) => card.and(page.locator(`[data-phase="${phase}"]`)).waitFor(PATIENT),
    hasSteps: (count: number) => card.locator(`li:nth-child(${count})`).waitFor(PATIENT),
  };
}

export function press(page: Page, fault: 'cut' | 'restart' | 'kill' | 'expire'): Promise<void> {
  return page.click(`[data-fault=${fault}]`);
}
