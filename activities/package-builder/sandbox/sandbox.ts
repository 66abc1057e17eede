/**
 * How a build script is kept away from the rest of the machine: by the strongest means that are to be had.
 *
 * | means | holds |
 * |---|---|
 * | bubblewrap, namespaces | no network; sees the system's programs (read-only) and its own directory, no other process; ends whole |
 * | a user of its own | cannot read or change what is LEONORE's; ends whole |
 * | none | nothing but limits and a process group |
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { BuildDirectory } from './build-directory.js';
import { buildRoot, bubblewrapView, namespaceScript } from './sandbox-scripts.js';

export type SandboxMeans = 'bubblewrap' | 'namespaces' | 'user' | 'none';

export interface Sandbox {
  readonly means: SandboxMeans;
  /** For the log of a build: what holds. */
  readonly description: string;
  /** The script runs as a user that owns nothing but the build's directory; else it is the node's own user. */
  readonly ownUser: boolean;
  /** Where the script finds the build's directory. */
  rootOf(directory: BuildDirectory): string;
  /** The command that runs a command in the sandbox. */
  wrap(directory: BuildDirectory, command: readonly string[]): string[];
}

/** Search path inside a sandbox. */
export const sandboxPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The sandboxes that this machine allows, strongest first; the last holds nothing, and always works. */
export async function findSandboxes(): Promise<Sandbox[]> {
  const programs = await findPrograms();
  const found: Sandbox[] = [];
  for (const candidate of candidates(programs, process.getuid?.() === 0)) {
    if (await works(candidate)) found.push(candidate);
  }
  return [...found, unprotected];
}

const unprotected: Sandbox = {
  means: 'none',
  description: 'none: neither bubblewrap nor namespaces are allowed here, so nothing but limits holds',
  ownUser: false,
  rootOf: ({ work }) => work,
  wrap: (_directory, command) => [...command],
};

function* candidates(programs: ReadonlyMap<string, string>, root: boolean): Generator<Sandbox> {
  const [bubblewrap, unshare, setpriv] = ['bwrap', 'unshare', 'setpriv'].map((name) => programs.get(name));
  const isolated = 'no network, no other processes, only the directory of the build is writable';
  const identity = ({ uid }: BuildDirectory) =>
    uid === null ? [] : [`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'];
  if (bubblewrap !== undefined && (!root || setpriv !== undefined)) {
    yield {
      means: 'bubblewrap',
      description: `bubblewrap: ${isolated}`,
      ownUser: root,
      rootOf: () => buildRoot,
      wrap: (directory, command) => [
        ...(setpriv !== undefined && root ? [setpriv, ...identity(directory)] : []),
        ...[bubblewrap, '--unshare-all', '--die-with-parent', '--cap-drop', 'ALL'],
        ...bubblewrapView(directory.work),
        ...command,
      ],
    };
  }
  if (unshare !== undefined && setpriv !== undefined) {
    yield {
      means: 'namespaces',
      description: `namespaces: ${isolated}`,
      ownUser: root,
      rootOf: () => buildRoot,
      wrap: (directory, command) => [
        ...[setpriv, '--pdeathsig', 'KILL', unshare, ...(root ? [] : ['--user', '--map-root-user'])],
        ...['--mount', '--net', '--pid', '--ipc', '--uts', '--fork', '--kill-child'],
        ...['/bin/sh', '-c', namespaceScript, 'sandbox', directory.empty, directory.work],
        ...[setpriv, '--bounding-set=-all', '--inh-caps=-all', '--no-new-privs', ...identity(directory)],
        ...command,
      ],
    };
  }
  if (root && setpriv !== undefined) {
    yield {
      means: 'user',
      description: 'a user of its own: what is LEONORE’s cannot be read, but the network can be reached',
      ownUser: true,
      rootOf: ({ work }) => work,
      wrap: (directory, command) => [setpriv, '--no-new-privs', ...identity(directory), ...command],
    };
  }
}

async function findPrograms(): Promise<Map<string, string>> {
  const own = (process.env['PATH'] ?? '').split(':').filter((directory) => directory.startsWith('/'));
  const found = new Map<string, string>();
  for (const name of ['bwrap', 'unshare', 'setpriv']) {
    for (const directory of new Set([...own, ...sandboxPath.split(':')])) {
      const path = `${directory}/${name}`;
      const usable = await access(path, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (usable && !found.has(name)) found.set(name, path);
    }
  }
  return found;
}

/** Tries it: programs may be there and not be allowed to do what they are for. */
async function works(sandbox: Sandbox): Promise<boolean> {
  const directory = await BuildDirectory.create(sandbox.ownUser);
  try {
    const wrapped = sandbox.wrap(directory, [
      '/bin/sh',
      '-c',
      ': >"$1"',
      'probe',
      `${sandbox.rootOf(directory)}/here`,
    ]);
    const [command = '', ...args] = wrapped;
    return await new Promise((resolve) => {
      const child = spawn(command, args, { stdio: 'ignore', env: { PATH: sandboxPath } });
      child.on('error', () => resolve(false));
      child.on('close', (code) => resolve(code === 0));
    });
  } finally {
    await directory.remove();
  }
}
