// A real Chromium that looks at the page, and at whether the page keeps to its policy.
import { type Browser, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';
import { chromiumPath } from '../../../../../test/runtimes.js';
import { afterwards, type Served } from './served.js';

export function startBrowser(): Promise<Browser> {
  // The tests of a container often run as root, which the sandbox refuses.
  return chromium.launch({ executablePath: chromiumPath(), args: ['--no-sandbox'] });
}

/** Opens the page of a server, until the test is over. */
export async function look(
  browser: Browser,
  served: Served,
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<Looked> {
  const looked = await Looked.open(browser, `${served.url}/live`, options);
  afterwards(() => looked.close());
  return looked;
}

/** A page, and everything that it complained of. */
class Looked {
  readonly page: Page;
  readonly complaints: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on('pageerror', (error) => this.complaints.push(`thrown: ${error.message}`));
    page.on('console', (message) => {
      if (/Content Security Policy|Trusted/.test(message.text())) {
        this.complaints.push(message.text());
      }
    });
  }

  static async open(
    browser: Browser,
    url: string,
    options: Parameters<Browser['newContext']>[0],
  ): Promise<Looked> {
    const context = await browser.newContext(options);
    const looked = new Looked(await context.newPage());
    await looked.page.addInitScript(`document.addEventListener('securitypolicyviolation', (event) =>
      console.error('Content Security Policy: ' + event.violatedDirective + ' ' + event.blockedURI))`);
    await looked.page.goto(url);
    return looked;
  }

  rows(section: 'holds' | 'runs' | 'incidents') {
    return this.page.locator(`#${section} tbody tr`);
  }

  /** Waits for the words beside the heading, which are what the connection is. */
  pill(word: string): Promise<void> {
    return expect.poll(() => this.page.textContent('#pill'), { timeout: 15_000 }).toBe(word);
  }

  text(selector: string): Promise<string | null> {
    return this.page.textContent(selector);
  }

  /** Nothing was refused by the policy, and nothing threw. */
  async close(): Promise<void> {
    expect(this.complaints).toEqual([]);
    await this.page.context().close();
  }
}
