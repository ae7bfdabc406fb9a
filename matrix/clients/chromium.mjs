// A page in a real browser that calls as the page's own script would.
import { chromium } from 'playwright-core';

/**
 * Runs a function in a page of the server's origin.
 *
 * @template Result
 * @param {string} url
 * @param {(asked: { url: string, mode: string }) => Promise<Result>} work
 * @param {string} mode
 * @returns {Promise<Result>}
 */
export async function inChromium(url, mode, work) {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  // As root its sandbox refuses to start.
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--ignore-certificate-errors'],
  });
  try {
    const page = await browser.newPage();
    await page.goto(new URL('/', url).href);
    return await page.evaluate(work, { url, mode });
  } finally {
    await browser.close();
  }
}
