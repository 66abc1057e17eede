/**
 * A control group for one build, where Linux lets this process make one: version 2, or 1. The kernel counts what its processes hold in
 * memory, files without a name in memory among it (memfd_create(2), tmpfs), and refuses more. Watching from outside would come too late,
 * and does not see what no process has mapped.
 */
import { access, constants, mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const mountPoint = '/sys/fs/cgroup';
const procsFile = 'cgroup.procs';
/** How long the last processes of a group may need to be gone. */
const removalRounds = 100;

/** What begins a command in the group: $1 the number of files to write the own id into, then these, then the command. */
const joinScript = `set -eu
left=$1
shift
while [ "$left" -gt 0 ]; do
  echo $$ >"$1"
  shift
  left=$((left - 1))
done
exec "$@"
`;

export class BuildGroup {
  private constructor(
    private readonly version: 1 | 2,
    /** One in each tree that counts. */
    private readonly directories: readonly string[],
  ) {}

  /** @param name of the group, unique. @returns null where memory cannot be limited by a group */
  static async create(name: string, memoryBytes: number, processes: number): Promise<BuildGroup | null> {
    return (await isWritable(join(mountPoint, 'cgroup.controllers')))
      ? createUnified(name, memoryBytes, processes)
      : createSplit(name, memoryBytes, processes);
  }

  static of(version: 1 | 2, directories: readonly string[]): BuildGroup {
    return new BuildGroup(version, directories);
  }

  /** The command that joins the group and becomes another. */
  wrap(command: readonly string[]): string[] {
    const files = this.directories.map((directory) => join(directory, procsFile));
    return ['/bin/sh', '-c', joinScript, 'join', String(files.length), ...files, ...command];
  }

  /** Whether a process was ended since there was no more memory for the group. */
  async isOutOfMemory(): Promise<boolean> {
    const file = this.version === 2 ? 'memory.events' : 'memory.oom_control';
    const text = await readFile(join(this.directories[0] ?? '', file), 'utf8').catch(() => '');
    return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0) > 0;
  }

  /** Removes it; its processes have been ended. */
  async remove(): Promise<void> {
    for (const directory of this.directories) await removeGroup(directory);
  }
}

/** Removes groups whose name says that they are of builds which nobody runs any more. */
export async function removeGroups(isAbandoned: (name: string) => boolean): Promise<void> {
  const trees = [mountPoint, join(mountPoint, 'memory'), join(mountPoint, 'pids')];
  for (const tree of trees) {
    for (const name of await readdir(tree).catch(() => []))
      if (isAbandoned(basename(name))) await rmdir(join(tree, name)).catch(() => undefined);
  }
}

async function createUnified(
  name: string,
  memoryBytes: number,
  processes: number,
): Promise<BuildGroup | null> {
  const directory = join(mountPoint, name);
  const made = await works(async () => {
    await writeFile(join(mountPoint, 'cgroup.subtree_control'), '+memory +pids');
    await mkdir(directory);
    await writeFile(join(directory, 'memory.max'), String(memoryBytes));
    await writeFile(join(directory, 'memory.swap.max'), '0').catch(() => undefined);
    await writeFile(join(directory, 'memory.oom.group'), '1').catch(() => undefined);
    await writeFile(join(directory, 'pids.max'), String(processes));
  });
  if (made) return BuildGroup.of(2, [directory]);
  await rmdir(directory).catch(() => undefined);
  return null;
}

async function createSplit(name: string, memoryBytes: number, processes: number): Promise<BuildGroup | null> {
  const [memory, pids] = ['memory', 'pids'].map((controller) => join(mountPoint, controller, name)) as [
    string,
    string,
  ];
  const made = await works(async () => {
    await mkdir(memory);
    await writeFile(join(memory, 'memory.limit_in_bytes'), String(memoryBytes));
    // Memory and swap together, where the kernel counts it; it must not be below the other, so it comes second.
    await writeFile(join(memory, 'memory.memsw.limit_in_bytes'), String(memoryBytes)).catch(() => undefined);
  });
  if (!made) {
    await rmdir(memory).catch(() => undefined);
    return null;
  }
  const counts = await works(async () => {
    await mkdir(pids);
    await writeFile(join(pids, 'pids.max'), String(processes));
  });
  return BuildGroup.of(1, counts ? [memory, pids] : [memory]);
}

/** A process that was killed leaves its group a moment later. */
async function removeGroup(directory: string): Promise<void> {
  for (let round = 0; round < removalRounds; round += 1) {
    if (await works(() => rmdir(directory))) return;
    await delay(20);
  }
}

async function isWritable(path: string): Promise<boolean> {
  return works(() => access(path, constants.W_OK));
}

async function works(work: () => Promise<unknown>): Promise<boolean> {
  return work().then(
    () => true,
    () => false,
  );
}
