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
 * Waits for the evidence: the application stays up, or ends well where it may, and its check, when it has one, passes.
 *
 * @throws HealthError that says what was missing; the signal's reason when it was aborted
 */
export async function awaitHealth(wanted: HealthEvidence): Promise<void> {
  const { name, application, signal } = wanted;
  const over = new AbortController();
  const within = AbortSignal.any([signal, over.signal]);
  const evidence = Promise.all([application === null ? null : stay(wanted, within), pass(wanted, within)]);
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

async function pass({ probe, checkWithinMs }: HealthEvidence, signal: AbortSignal): Promise<void> {
  if (probe === null) return;
  const until = performance.now() + checkWithinMs;
  for (;;) {
    const problem = await probe(until - performance.now(), signal);
    if (problem === null) return;
    if (performance.now() + repeatMs >= until) throw new HealthError(problem);
    await sleep(repeatMs, undefined, { signal });
  }
}
