/** A root directory with BusyBox and the BusyBox agent in it, and nothing else: the user land of a small device. */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../process/package-root.js';

/** The agent as it is built. */
export const busyBoxAgent = join(packageRoot(), 'dist', 'agent', 'leonore-agent.sh');
/** The one that verifies signatures besides. */
export const verifyingBusyBoxAgent = join(packageRoot(), 'dist', 'agent', 'leonore-agent-signatures.sh');

/** Where the agent keeps its things, seen from inside and below the directory from outside. */
export const gatewayDirectory = 'gateway';

/** How to run something inside: the command, and the arguments that come before those of the shell. */
export interface BusyBoxRoot {
  readonly directory: string;
  readonly command: string;
  readonly args: readonly string[];
}

/**
 * The shell inside: /proc is mounted where only it and its children see it, so that nothing stays mounted when they
 * have ended, however they ended.
 */
const enter = 'mount -t proc proc "$0/proc" && exec chroot "$0" /bin/busybox sh "$@"';

/**
 * Makes the root directory.
 * @param busybox a static one
 * @throws Error that says what is not allowed on this machine
 */
export async function makeBusyBoxRoot(directory: string, busybox: string): Promise<BusyBoxRoot> {
  for (const name of ['bin', 'dev', 'proc', 'tmp']) await mkdir(join(directory, name), { recursive: true });
  await copyFile(busybox, join(directory, 'bin', 'busybox'));
  await copyFile(busyBoxAgent, join(directory, 'leonore-agent.sh'));
  execFileSync('chroot', [directory, '/bin/busybox', '--install', '-s', '/bin'], { stdio: 'pipe' });
  // Not the machine's own /dev: the directory is removed in the end.
  for (const [name, minor] of Object.entries({ null: '3', urandom: '9' })) {
    execFileSync('mknod', ['-m', '666', join(directory, 'dev', name), 'c', '1', minor], { stdio: 'pipe' });
  }
  const args = ['--mount', 'sh', '-c', enter, directory];
  const tried = spawnSync('unshare', [...args, '-c', 'exec 3</dev/urandom && true >/dev/null'], {
    encoding: 'utf8',
  });
  if (tried.status !== 0) {
    throw new Error(`no root of its own may be made here: ${tried.error?.message ?? tried.stderr.trim()}`);
  }
  return { directory, command: 'unshare', args };
}
