import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** How the client of a device is run. */
export interface ClientCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** A client that runs. */
export interface ClientProcess {
  /** What it has printed so far. */
  readonly printed: () => string;
  /** Ends it at once, with the processes that it has started. */
  stop(): Promise<void>;
}

/** Starts a client as a device does. */
export function startClient({ command, args, env }: ClientCommand): ClientProcess {
  const child: ChildProcess = spawn(command, args, {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let printed = '';
  const keep = (part: Buffer): void => void (printed = (printed + part.toString()).slice(-100_000));
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  return {
    printed: () => printed,
    async stop() {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      // Its processes are a group of their own.
      process.kill(-child.pid, 'SIGKILL');
      await exit;
    },
  };
}
