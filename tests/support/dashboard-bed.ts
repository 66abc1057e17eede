/** The dashboard in a real browser, with whatever API the test has started behind it. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { expect } from '@jest/globals';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { obtainChromium, startChromium } from './chromium.js';

/** Axe's rules for WCAG 2.2 AA, and what it counts as good practice. */
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const waitMs = 60_000;

/** What somebody who wants to do harm would call things. */
export const hostile = '<img src=x onerror=alert(1)>\u{202e}"\'&amp;';

interface Visit {
  /** Errors of the console and of scripts so far; those of answers that were refused on purpose are not among them. */
  readonly errors: readonly string[];
  close(): Promise<void>;
}

export interface DashboardBed {
  /**
   * Opens an address in a window of its own, signed in with a token unless that is null.
   * @returns null where no browser is to be had, and then it has been said
   */
  visit(token: string | null, path: string, options?: BrowserContextOptions): Promise<Page | null>;
  /** Ends all visits, and fails with what went wrong in one of them. */
  leave(): Promise<void>;
  close(): Promise<void>;
}

export async function dashboardBed(server: string): Promise<DashboardBed> {
  const executable = await obtainChromium();
  if (executable === null) {
    process.stderr.write('skipped: Chromium is neither installed nor to be had by apt-get\n');
    return { visit: async () => null, leave: async () => undefined, close: async () => undefined };
  }
  const browser: Browser = await startChromium(executable);
  const visits: Visit[] = [];
  return {
    async visit(token, path, options = {}) {
      const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
      const page = await context.newPage();
      page.setDefaultTimeout(waitMs);
      const errors: string[] = [];
      page.on('console', (message) => {
        // The browser itself says so of every answer that is not 2xx; pages show what they were answered.
        if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
          errors.push(message.text());
      });
      page.on('pageerror', (error) => errors.push(error.message));
      await page.goto(server + path);
      if (token !== null) await signIn(page, token);
      visits.push({ errors, close: () => context.close() });
      return page;
    },
    async leave() {
      for (const visit of visits.splice(0)) {
        await visit.close();
        expect(visit.errors).toEqual([]);
      }
    },
    close: () => browser.close(),
  };
}

export async function signIn(page: Page, token: string): Promise<void> {
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: /Sign in|Go on/ }).click();
  await page.getByLabel('Token').waitFor({ state: 'hidden' });
}

/** When nothing on the page says any more that it is being asked for; its stream goes on. */
export async function settled(page: Page): Promise<void> {
  await page.locator('.loading').first().waitFor({ state: 'detached' });
}

/** Goes to an address, and waits for what is there. */
export async function show(page: Page, address: string): Promise<void> {
  await page.goto(address);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await settled(page);
}

let axe: Promise<string> | undefined;

/** Fails with what axe finds on the page as it stands. */
export async function expectAccessible(page: Page): Promise<void> {
  axe ??= readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  // Playwright evaluates it as the debugger does: the policy of the page does not hold for it.
  await page.evaluate(await axe);
  const found = await page.evaluate(`axe.run(document, { runOnly: ${JSON.stringify(rules)} }).then(
    ({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ': ' + html.slice(0, 300))))`);
  expect({ at: new URL(page.url()).pathname, found }).toEqual({
    at: new URL(page.url()).pathname,
    found: [],
  });
}

/** Texts as they are read: a number and its unit, which no line breaks apart, have a space between them. */
export async function cellsOf(table: Locator, name: RegExp): Promise<string[]> {
  const texts = await table.getByRole('row', { name }).getByRole('cell').allInnerTexts();
  return texts.map((text) => text.replaceAll('\u{a0}', ' '));
}

/** By how many pixels a page is wider than its window, and how many of its elements move. */
export function overflowAndMotion(page: Page): Promise<{ readonly over: number; readonly moving: number }> {
  return page.evaluate(`({
    over: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    moving: [...document.querySelectorAll('*')].filter((element) => {
      const { transitionDuration, animationName } = getComputedStyle(element);
      return animationName !== 'none' || transitionDuration.split(',').some((time) => parseFloat(time) > 0);
    }).length,
  })`);
}
