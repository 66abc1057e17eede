/** The evidence that an artifact works, without which a delivery does not count as succeeded. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Application } from './application.js';
import type { HealthProbe } from './health-probe.js';

export class HealthError extends Error {
  override readonly name = 'HealthError';
}

export interface HealthEvidence {
  readonly name: string;
  /** Null when nothing of it is started: then only its check can speak for it. */
  readonly application: Application | null;
  readonly staysUpMs: number;
  /** Null when its manifest names no check. */
  readonly probe: HealthProbe | null;
  /** The check is repeated until it passes, for at most so long. */
  readonly checkWithinMs: number;
  readonly signal: AbortSignal;
}

const repeatMs = 500;

/**
 * Waits for the evidence: the application stays up, or ends well where it may, and its check, when it has one, passes:
 * at first, so that what never works is known early, and once more when it has stayed up, for what it did in that time.
 *
 * @throws HealthError that says what was missing; the signal's reason when it was aborted
 */
export async function awaitHealth(wanted: HealthEvidence): Promise<void> {
  const { name, application, signal } = wanted;
  const over = new AbortController();
  const within = AbortSignal.any([signal, over.signal]);
  const evidence =
    application === null
      ? pass(wanted, within)
      : Promise.all([stay(wanted, within), pass(wanted, within)]).then(() => pass(wanted, within));
  evidence.catch(() => undefined);
  try {
    await (application === null
      ? evidence
      : Promise.race([
          evidence,
          application.ended(within).then(async (how) => {
            if (!application.isDone) throw new HealthError(`${name} ${how}`);
            await evidence;
          }),
        ]));
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    over.abort();
    await evidence.catch(() => undefined);
  }
}

async function stay({ staysUpMs }: HealthEvidence, signal: AbortSignal): Promise<void> {
  await sleep(staysUpMs, undefined, { signal });
}

/**
 * The last attempt ends when the time does, whatever it was about to find: what counts then is what the one before found,
 * for that had its time.
 */
async function pass({ probe, checkWithinMs }: HealthEvidence, signal: AbortSignal): Promise<void> {
  if (probe === null) return;
  const until = performance.now() + checkWithinMs;
  let found: string | null = null;
  for (;;) {
    // Whole milliseconds, so that the first attempt has, and names, the limit itself.
    const problem = await probe(Math.ceil(until - performance.now()), signal);
    if (problem === null) return;
    const wasCut = performance.now() >= until;
    found = wasCut ? (found ?? problem) : problem;
    if (performance.now() + repeatMs >= until)
      throw new HealthError(`not well within ${checkWithinMs / 1_000} s: ${found}`);
    await sleep(repeatMs, undefined, { signal });
  }
}
