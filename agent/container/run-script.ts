/** Runs a control script to its end: own process group, time limit, output captured and capped. */
import { spawn } from 'node:child_process';
import { timerMs } from '../state/timer.js';
import { signalGroup } from './process-group.js';

/** The end of what a script prints; enough to see why it failed, small enough for a report. */
const outputBytes = 4 * 1024;

export interface ScriptOptions {
  readonly script: string;
  readonly args?: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
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
  const { script, args = [], cwd, environment, timeoutMs, signal } = options;
  signal.throwIfAborted();
  const child = spawn('sh', [script, ...args], {
    cwd,
    env: { ...environment },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = Buffer.alloc(0);
  const capture = (chunk: Buffer): void => {
    output = Buffer.concat([output, chunk]).subarray(-outputBytes);
  };
  child.stdout.on('data', capture);
  child.stderr.on('data', capture);

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
      // What a script leaves running in the background ends with it; it would hold the pipes open, too.
      child.once('exit', kill);
      child.once('close', (status, signalName) => resolve([status, signalName]));
    });
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
  }
}
