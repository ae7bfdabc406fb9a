import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { chromiumPath } from '../../../../test/runtimes.js';
import type { InPage } from './page.js';
import { listenerOf, TestServer } from './servers.js';

/** A page with the client in it. */
export class ClientPage {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  get context(): BrowserContext {
    return this.page.context();
  }

  /** And all that it has open. */
  async close(): Promise<void> {
    await this.context.close();
  }

  /** Has the page do one of the things of page.ts. */
  async do<Name extends keyof InPage>(
    name: Name,
    ...given: Parameters<InPage[Name]>
  ): Promise<Awaited<ReturnType<InPage[Name]>>> {
    try {
      return await this.page.evaluate(
        ([name, given]) => Reflect.apply(Reflect.get(globalThis, 'inPage')[name], undefined, given),
        [name, given] as const,
      );
    } catch (error) {
      // Vitest looks for the files of its stack, which are none, and forgets the test over it.
      throw new Error(`in the page: ${`${error}`.split('\n    at ')[0]}`);
    }
  }
}

/** A real Chromium, and the client, made of its sources, in its pages. */
export class Chromium implements AsyncDisposable {
  readonly version: string;
  readonly #browser: Browser;
  readonly #html: string;

  private constructor(browser: Browser, html: string) {
    this.#browser = browser;
    this.#html = html;
    this.version = browser.version();
  }

  static async start(): Promise<Chromium> {
    const [html, browser] = await Promise.all([
      pageWithClient(),
      chromium.launch({
        executablePath: chromiumPath(),
        // The tests of a container often run as root, which the sandbox refuses.
        args: ['--no-sandbox', '--ignore-certificate-errors'],
      }),
    ]);
    return new Chromium(browser, html);
  }

  /** A server whose every page has the client in it, of an origin of its own. */
  serve(): Promise<TestServer> {
    const headers = { 'Content-Type': 'text/html' };
    return TestServer.start(listenerOf(() => new Response(this.#html, { headers })));
  }

  /** A new page, with cookies and connections of its own. */
  async open(url: string): Promise<ClientPage> {
    const opened = await this.blank();
    await opened.page.goto(url);
    return opened;
  }

  async blank(): Promise<ClientPage> {
    const context = await this.#browser.newContext();
    return new ClientPage(await context.newPage());
  }

  /**
   * Leads a page to the origin of a server that has no page. The server does not hear of it, so that
   * neither its count nor the browser's connections are touched.
   */
  async moveTo({ page }: ClientPage, url: string): Promise<void> {
    const place = new URL('/page', url).href;
    await page.route(place, (route) =>
      route.fulfill({ contentType: 'text/html', body: this.#html }),
    );
    await page.goto(place);
    await page.unroute(place);
  }

  /**
   * Stops all pages, as a system does with a tab that it puts to sleep; gives the function that wakes
   * them. The command of DevTools for it does nothing without a window: Page.setWebLifecycleState.
   */
  async freeze(): Promise<() => void> {
    const session = await this.#browser.newBrowserCDPSession();
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    await session.detach();
    const pages = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
    for (const pid of pages) process.kill(pid, 'SIGSTOP');
    return () => {
      for (const pid of pages) process.kill(pid, 'SIGCONT');
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}

async function pageWithClient(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('page.ts', import.meta.url))],
    bundle: true,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    write: false,
  });
  const script = outputFiles[0]?.text.replaceAll('</script', '<\\/script');
  return `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><script>${script}</script>`;
}
