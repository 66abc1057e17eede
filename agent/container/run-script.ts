/**
 * Runs a control script to its end: a unit of its own, a time limit, output captured and capped. A script is over when
 * it exits, whoever of its helpers still holds the pipe; they are ended then.
 */
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Launcher } from '../isolation/launcher.js';
import type { UnitLimits } from '../isolation/control-groups.js';
import type { UnitNeeds } from '../isolation/unit-needs.js';
import { timerMs } from '../state/timer.js';
import { signalGroup } from './process-group.js';

/** The end of what a script prints; enough to see why it failed, small enough for a report. */
const outputBytes = 4 * 1024;

/** For what a script has printed to arrive once it has exited. */
const drainMs = 200;
let runs = 0;

export interface ScriptOptions {
  readonly launcher: Launcher;
  readonly script: string;
  readonly args?: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly limits?: UnitLimits | undefined;
  readonly needs?: UnitNeeds | undefined;
  readonly signal: AbortSignal;
}

/** A script that did not do what it should: exit status other than 0, a signal, or its time was up. */
export class ScriptError extends Error {
  override readonly name = 'ScriptError';
}

/**
 * Runs a POSIX sh script.
 *
 * @returns the end of its output
 * @throws ScriptError with the end of its output; the signal's reason when it was aborted
 */
export async function runScript(options: ScriptOptions): Promise<string> {
  const { launcher, script, args = [], cwd, environment, timeoutMs, limits, needs, signal } = options;
  signal.throwIfAborted();
  runs += 1;
  const unit = `script.${String(runs)}`;
  const child = await launcher.spawn({
    unit,
    script,
    args,
    cwd,
    environment,
    limits,
    needs,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = Buffer.alloc(0);
  const capture = (chunk: Buffer): void => {
    output = Buffer.concat([output, chunk]).subarray(-outputBytes);
  };
  const pipes = [child.stdout, child.stderr].filter((pipe) => pipe !== null);
  for (const pipe of pipes) pipe.on('data', capture).on('error', () => undefined);

  const kill = (): void => {
    if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL');
  };
  const end = { timedOut: false };
  const timer = setTimeout(() => {
    end.timedOut = true;
    kill();
  }, timerMs(timeoutMs));
  signal.addEventListener('abort', kill);
  try {
    const [code, killedBy] = await new Promise<[number | null, string | null]>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (status, signalName) => resolve([status, signalName]));
    });
    // What a script leaves running in the background ends with it.
    kill();
    await launcher.end(unit);
    await drained(pipes);
    signal.throwIfAborted();
    const text = output.toString('utf8').trim();
    if (code === 0) return text;
    const how = end.timedOut
      ? `did not end within ${timeoutMs / 1_000} s`
      : code === null
        ? `was ended by ${killedBy ?? 'a signal'}`
        : `ended with status ${code}`;
    throw new ScriptError(text === '' ? how : `${how}: ${text}`);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', kill);
    for (const pipe of pipes) pipe.destroy();
    await launcher.end(unit);
  }
}

/** Resolves once all has come that was printed, or when somebody keeps the pipe for himself. */
async function drained(pipes: readonly Readable[]): Promise<void> {
  const ended = pipes.map(async (pipe) => {
    if (!pipe.readableEnded) await new Promise((resolve) => pipe.once('close', resolve).once('end', resolve));
  });
  await Promise.race([Promise.all(ended), sleep(drainMs)]);
}
