import { runInstaller } from '../../stack/temporal/install.js';

/** Runs a program in which something is made that tests need, to its end. @throws when it fails */
export type RunProgram = (command: string, ...args: string[]) => Promise<void>;

/** Programs for a draft of the cache, each within a time; none of them asks anybody for a password. */
export function programsFor(draft: string, env: NodeJS.ProcessEnv, timeoutMs: number): RunProgram {
  return (command, ...args) =>
    runInstaller({
      command,
      args,
      env: { ...env, GIT_TERMINAL_PROMPT: '0' },
      draft,
      timeoutMs,
      onHeartbeat: () => undefined,
    });
}

/** Clones a repository as it is at one commit. */
export async function cloneAt(
  run: RunProgram,
  git: string,
  origin: string,
  commit: string,
  target: string,
): Promise<void> {
  await run(git, 'clone', '--quiet', origin, target);
  await run(git, '-C', target, 'checkout', '--quiet', commit);
}
