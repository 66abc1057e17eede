/** Debian's Chromium, driven by Playwright; installed by apt where it is missing and that is allowed. */
import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { promisify } from 'node:util';
import { chromium, type Browser } from 'playwright-core';

const run = promisify(execFile);
const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const installMs = 300_000;

/** Nothing is asked of hosts that the tests do not name. */
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

let found: Promise<string | null> | undefined;

/** @returns where it is; null where it is neither installed nor to be had */
export function obtainChromium(): Promise<string | null> {
  found ??= find();
  return found;
}

async function find(): Promise<string | null> {
  const there = await firstThere();
  if (there !== null) return there;
  try {
    await run('apt-get', ['update'], { timeout: installMs });
    await run('apt-get', ['install', '-y', '--no-install-recommends', 'chromium'], {
      timeout: installMs,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      maxBuffer: 64 * 1024 * 1024,
    });
  } catch {
    return null;
  }
  return firstThere();
}

async function firstThere(): Promise<string | null> {
  for (const place of places)
    if (
      await access(place).then(
        () => true,
        () => false,
      )
    )
      return place;
  return null;
}

/** Starts it, without a window and with a profile of its own. */
export function startChromium(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, headless: true, args: flags });
}
