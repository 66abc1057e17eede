import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { BoundedLog } from './bounded-log.js';

/**
 * A child process that cannot outlive the process that started it.
 *
 * The command runs behind a few lines of shell. The shell leaves a guard behind and then *becomes* the command
 * (exec), so that pid, signals and exit code are the command's own. The guard blocks on a pipe that only the owner
 * holds: when the owner dies, however it dies, the kernel closes the pipe, and the guard ends the command. When the
 * command ends first, the owner writes one line and the guard goes away without touching a pid that may have been
 * given to somebody else. There is no moment at which the command runs without its guard.
 *
 * The command gets a session of its own: Ctrl-C in a terminal reaches the owner only, which stops its children in
 * their order.
 */
const guardScript = `
signal=$1; grace=$2; directory=$3; shift 3
( (
  exec 3<&- </dev/null >/dev/null 2>&1
  if ! read -r released <&4; then
    kill -"$signal" $$
    waited=0
    while kill -0 $$ && [ "$waited" -lt "$grace" ]; do sleep 0.2; waited=$((waited + 1)); done
    kill -KILL $$
    if [ -n "$directory" ]; then rm -rf "$directory"; fi
  fi
) & )
exec "$@" 4<&-
`;

/** What the guard does when the owner has died. */
export interface OrphanRule {
  /** First signal; SIGKILL follows after the grace. */
  readonly signal: 'TERM' | 'INT';
  readonly graceMs: number;
  /** Removed together with all that is in it, once the command has ended. */
  readonly removeDirectory?: string;
}

export interface GuardedCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Identity to run under; only root may name another one. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** Where stdout and stderr go; absent: nowhere. */
  readonly log?: BoundedLog;
  /** Opens an IPC channel, for children that are Node.js processes. */
  readonly ipc?: boolean;
  readonly orphan: OrphanRule;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface GuardedProcess {
  readonly pid: number;
  /** For IPC; signals go through {@link GuardedProcess.kill}. */
  readonly child: ChildProcess;
  /** Resolves when the command has ended; never rejects. */
  readonly exited: Promise<Exit>;
  /** Resolves when its output has ended as well; later than `exited`, or never if somebody else holds it open. */
  readonly drained: Promise<void>;
  /** True until the command has ended. */
  isRunning(): boolean;
  kill(signal: NodeJS.Signals): void;
  /** Sends `signal`, then SIGKILL when the command has not ended after `graceMs`. */
  end(signal: NodeJS.Signals, graceMs: number): Promise<Exit>;
}

/**
 * Starts a command under a guard.
 * @throws Error (with the code of the system, such as ENOENT) when the command cannot be started at all
 */
export async function spawnGuarded(command: GuardedCommand): Promise<GuardedProcess> {
  const { orphan } = command;
  const graceSteps = Math.ceil(orphan.graceMs / 200);
  const output = command.log === undefined ? 'ignore' : 'pipe';
  const child = spawn(
    '/bin/sh',
    [
      '-c',
      guardScript,
      'guard',
      orphan.signal,
      String(graceSteps),
      orphan.removeDirectory ?? '',
      command.command,
      ...command.args,
    ],
    {
      env: command.env,
      detached: true,
      // The guard's pipe is not stdin, because Node.js closes that one before it tells of the exit.
      stdio: ['ignore', output, output, command.ipc === true ? 'ipc' : 'ignore', 'pipe'],
      ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
      ...command.user,
    },
  );
  const leash = leashOf(child);
  // The guard may be gone already when the line is written.
  leash?.on('error', () => undefined);
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => {
      leash?.end('released\n');
      resolve({ code, signal });
    });
  });
  const drained = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
  });
  await once(child, 'spawn');
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => command.log?.write(chunk));
  }
  return guardedProcess(child, exited, drained);
}

function guardedProcess(child: ChildProcess, exited: Promise<Exit>, drained: Promise<void>): GuardedProcess {
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  return {
    pid: child.pid ?? 0,
    child,
    exited,
    drained,
    isRunning,
    kill: (signal) => {
      child.kill(signal);
    },
    async end(signal, graceMs) {
      child.kill(signal);
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      const exit = await exited;
      clearTimeout(timer);
      return exit;
    },
  };
}

/** Lets the process that owns `guarded` end (and with it, by its guard, the command) while the command still runs. */
export function detachFromEventLoop(guarded: GuardedProcess): void {
  guarded.child.unref();
  const { stdout, stderr } = guarded.child;
  // Pipes of a child process are sockets, which the types do not say.
  for (const stream of [stdout, stderr, leashOf(guarded.child)]) (stream as Socket | null)?.unref();
}

/** The pipe that the guard blocks on. */
function leashOf(child: ChildProcess): Socket | null {
  return child.stdio[4] as Socket | null;
}

/** How a process ended, in words. */
export function describeExit(exit: Exit): string {
  return exit.signal === null ? `exit code ${exit.code ?? 'unknown'}` : `signal ${exit.signal}`;
}
