import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits until a condition holds.
 * @throws Error that shows the condition when it did not hold within `timeoutMs`
 */
export async function until(
  condition: () => boolean | Promise<boolean>,
  timeoutMs: number,
  what = condition.toString(),
): Promise<void> {
  const endMs = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() >= endMs) throw new Error(`after ${timeoutMs / 1_000} s still not: ${what}`);
    await sleep(50);
  }
}
