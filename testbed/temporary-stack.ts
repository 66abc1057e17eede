/** The embedded stack for one run of the test bed: its data lies in a temporary directory and goes with it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStack, type Stack, type StackOptions } from '../stack/start-stack.js';
import type { Cleanups } from './cleanups.js';

export interface TemporaryStackOptions extends Pick<
  StackOptions,
  'maxNodes' | 'threshold' | 'settleSeconds'
> {
  readonly nodes: number;
  readonly onProgress: (line: string) => void;
  readonly env?: NodeJS.ProcessEnv;
}

export interface TemporaryStack {
  readonly stack: Stack;
  /** For whatever else the run keeps on disk; removed at the end. */
  readonly directory: string;
}

/** Starts the stack, and sees to it that it is stopped and its data removed at the end. */
export async function startTemporaryStack(
  cleanups: Cleanups,
  options: TemporaryStackOptions,
): Promise<TemporaryStack> {
  const directory = await mkdtemp(join(tmpdir(), 'leonore-testbed-'));
  cleanups.add(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }));
  const starting = startStack({
    ...options,
    dataDir: join(directory, 'stack'),
    signal: cleanups.interrupted,
  });
  // Interrupted while it starts, it stops by itself; that has to be waited for as well.
  cleanups.add(async () => {
    const stack = await starting.catch(() => undefined);
    await stack?.stop();
  });
  return { stack: await starting, directory };
}

/** Pid of every part of a stack that runs now. */
export function pidsOf(stack: Stack): Record<string, number> {
  const entries = stack.parts().flatMap((name) => {
    const pid = stack.pid(name);
    return pid === undefined ? [] : [[name, pid] as const];
  });
  return Object.fromEntries(entries);
}
