/** What a build uses, seen from outside: nothing that it runs can be trusted to count. */
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';

/** Linux's page size on every platform that Node.js runs on but a few ARM servers, where it is larger. */
const pageBytes = 4_096;

/** How the processes of a build are told from others. */
export type Membership =
  | { readonly by: 'namespace'; readonly pidNamespace: string }
  | { readonly by: 'user'; readonly uid: number }
  | { readonly by: 'session'; readonly session: number };

/**
 * Processes of a build that are there now. Those that have ended and only wait for their parent to notice do not count:
 * orphans wait for the first process of the machine, which may take its time, or never look.
 */
export function processesOf(membership: Membership): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return belongs(name, membership) && !['Z', 'X'].includes(statOf(name)[0] ?? '');
      } catch {
        // It has ended meanwhile, or is somebody else's.
        return false;
      }
    })
    .map(Number);
}

function belongs(pid: string, membership: Membership): boolean {
  switch (membership.by) {
    case 'namespace':
      return readlinkSync(`/proc/${pid}/ns/pid`) === membership.pidNamespace;
    case 'user':
      return statSync(`/proc/${pid}`).uid === membership.uid;
    case 'session':
      return Number(statOf(pid)[3]) === membership.session;
  }
}

/** State, parent, group, session, ... (proc(5)): what comes after the command's name, which may hold anything. */
function statOf(pid: string): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** Resident memory of processes, in bytes; what they share is counted for each. */
export function memoryOf(pids: readonly number[]): number {
  let pages = 0;
  for (const pid of pids) {
    try {
      pages += Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1]);
    } catch {
      // It has ended meanwhile.
    }
  }
  return pages * pageBytes;
}

/** What processes have open that has no name any more, or never had one, in bytes, each file once. */
export function unnamedBytesOf(pids: readonly number[]): { readonly memory: number; readonly disk: number } {
  const seen = new Set<string>();
  const bytes = { memory: 0, disk: 0 };
  for (const pid of pids) {
    for (const fd of descriptorsOf(pid)) {
      try {
        const { dev, ino, nlink, blocks } = statSync(fd);
        if (nlink > 0 || seen.has(`${dev} ${ino}`)) continue;
        seen.add(`${dev} ${ino}`);
        bytes[readlinkSync(fd).startsWith('/memfd:') ? 'memory' : 'disk'] += blocks * 512;
      } catch {
        // It was closed meanwhile, or is no file.
      }
    }
  }
  return bytes;
}

function descriptorsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => `/proc/${pid}/fd/${fd}`);
  } catch {
    // It has ended meanwhile, or is somebody else's.
    return [];
  }
}

export interface DiskUsage {
  readonly bytes: number;
  readonly entries: number;
}

/** What lies below a directory, in bytes on the disk; stops counting at `most`. Links are not followed. */
export async function diskUsageOf(root: string, most: DiskUsage): Promise<DiskUsage> {
  let [bytes, entries] = [0, 0];
  const waiting = [root];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    // What vanishes or cannot be read (a path too deep) is counted as far as it goes.
    const directory = await opendir(path).catch(() => null);
    if (directory === null) continue;
    for await (const entry of directory) {
      entries += 1;
      const inside = join(path, entry.name);
      if (entry.isDirectory()) waiting.push(inside);
      else
        bytes += await lstat(inside).then(
          ({ blocks }) => blocks * 512,
          () => 0,
        );
      if (bytes > most.bytes || entries > most.entries) return { bytes, entries };
    }
  }
  return { bytes, entries };
}
