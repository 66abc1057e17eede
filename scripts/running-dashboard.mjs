/** A browser before the dashboard of a LEONORE that runs, for scripts: LEONORE_SERVER, LEONORE_TOKEN and CHROMIUM name both. */
import { chromium } from 'playwright-core';

const { LEONORE_SERVER, LEONORE_TOKEN, CHROMIUM: executablePath = '/usr/bin/chromium' } = process.env;
if (LEONORE_SERVER === undefined || LEONORE_TOKEN === undefined)
  throw new Error('LEONORE_SERVER and LEONORE_TOKEN are needed');

export const server = LEONORE_SERVER;
export const token = LEONORE_TOKEN;
export const viewport = { width: 1280, height: 800 };

export function startBrowser() {
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  });
}

/** Goes to an address for the first time, and signs in there. */
export async function signIn(page, path) {
  await page.goto(server + path);
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
}
