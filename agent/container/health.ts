/** The evidence that an artifact works, without which a delivery does not count as succeeded. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Launcher } from '../isolation/launcher.js';
import type { Application } from './application.js';
import { runScript, ScriptError } from './run-script.js';

export class HealthError extends Error {
  override readonly name = 'HealthError';
}

export interface HealthCheck {
  readonly name: string;
  /** Null when nothing of it is started: then only its check script can speak for it. */
  readonly application: Application | null;
  readonly staysUpMs: number;
  readonly launcher: Launcher;
  readonly script?: {
    readonly path: string;
    readonly cwd: string;
    readonly environment: Record<string, string>;
  };
  /** The check script is repeated until it exits 0, for at most so long. */
  readonly checkWithinMs: number;
  readonly signal: AbortSignal;
}

const repeatMs = 500;

/**
 * Waits for the evidence: the application stays up, and its check script, when it has one, exits 0.
 *
 * @throws HealthError that says what was missing; the signal's reason when it was aborted
 */
export async function awaitHealth(check: HealthCheck): Promise<void> {
  const { application, signal } = check;
  const over = new AbortController();
  const within = AbortSignal.any([signal, over.signal]);
  const evidence = Promise.all([application === null ? null : stay(check, within), pass(check, within)]);
  evidence.catch(() => undefined);
  try {
    await (application === null
      ? evidence
      : Promise.race([
          evidence,
          application.ended(within).then((how) => {
            throw new HealthError(`${check.name} ${how}`);
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

async function stay(check: HealthCheck, signal: AbortSignal): Promise<void> {
  await sleep(check.staysUpMs, undefined, { signal });
}

async function pass(check: HealthCheck, signal: AbortSignal): Promise<void> {
  if (check.script === undefined) return;
  const until = performance.now() + check.checkWithinMs;
  for (;;) {
    try {
      await runScript({
        launcher: check.launcher,
        script: check.script.path,
        cwd: check.script.cwd,
        environment: check.script.environment,
        timeoutMs: until - performance.now(),
        signal,
      });
      return;
    } catch (error) {
      if (!(error instanceof ScriptError)) throw error;
      if (performance.now() + repeatMs >= until) {
        throw new HealthError(`the check of ${check.name} ${error.message}`);
      }
    }
    await sleep(repeatMs, undefined, { signal });
  }
}
