import { describe, expect, test } from '@jest/globals';
import { awaitHealth, HealthError } from './health.js';
import type { HealthProbe } from './health-probe.js';

/** The evidence that there is none, as the report says it. */
async function problemOf(probe: HealthProbe, checkWithinMs: number): Promise<string> {
  const { signal } = new AbortController();
  try {
    await awaitHealth({ name: 'app', application: null, staysUpMs: 0, probe, checkWithinMs, signal });
  } catch (error) {
    if (error instanceof HealthError) return error.message;
    throw error;
  }
  return 'none';
}

/** One that hangs until its time is up, as a script does. */
const hangs: HealthProbe = async (timeoutMs) => {
  await new Promise((resolve) => setTimeout(resolve, timeoutMs));
  return `the check of app did not end within ${timeoutMs / 1_000} s`;
};

describe('a check that does not pass', () => {
  test('is told by what it found, not by the attempt that the end of the time cut off', async () => {
    let attempts = 0;
    const probe: HealthProbe = async (timeoutMs, signal) => {
      attempts += 1;
      return attempts === 1 ? 'the check of app ended with status 1: no database' : hangs(timeoutMs, signal);
    };
    expect(await problemOf(probe, 700)).toBe(
      'not well within 0.7 s: the check of app ended with status 1: no database',
    );
    expect(attempts).toBe(2);
  });

  test('is told by the last thing that it found', async () => {
    let attempts = 0;
    const probe: HealthProbe = async () => `the check of app ended with status ${(attempts += 1)}`;
    expect(await problemOf(probe, 1_200)).toMatch(
      new RegExp(`^not well within 1.2 s: the check of app ended with status ${attempts}$`, 'u'),
    );
  });

  test('and never ends names its limit, the same on every gateway', async () => {
    expect(await problemOf(hangs, 30)).toBe(
      'not well within 0.03 s: the check of app did not end within 0.03 s',
    );
  });

  test('at first may pass in the end', async () => {
    let attempts = 0;
    expect(await problemOf(async () => ((attempts += 1) === 1 ? 'not yet' : null), 60_000)).toBe('none');
  });
});
