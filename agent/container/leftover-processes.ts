/**
 * Processes that an agent before this one started and could not end, because it was killed. They are known by a
 * mark in their environment, which a process keeps however it was orphaned; a file of process ids would miss what
 * was started a moment before the power cut, and could name a process of somebody else after it.
 */
import { readdir, readFile } from 'node:fs/promises';
import { endGroup } from './process-group.js';
import { markVariable } from './script-environment.js';

/** Ends the process groups of all processes that carry the mark. */
export async function endLeftoverProcesses(mark: string, graceMs: number): Promise<number> {
  const groups = await markedGroups(mark);
  await Promise.all([...groups].map((group) => endGroup(group, graceMs)));
  return groups.size;
}

async function markedGroups(mark: string): Promise<Set<number>> {
  const wanted = `${markVariable}=${mark}`;
  const groups = new Set<number>();
  for (const entry of await readdir('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    try {
      const environment = await readFile(`/proc/${pid}/environ`, 'latin1');
      if (!environment.split('\0').includes(wanted)) continue;
      const group = groupOf(await readFile(`/proc/${pid}/stat`, 'latin1'));
      if (group > 1) groups.add(group);
    } catch {
      // Gone meanwhile, or somebody else's.
    }
  }
  return groups;
}

/** proc(5): the name in parentheses may hold anything; after it come state, parent and group. */
function groupOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[2]);
}
