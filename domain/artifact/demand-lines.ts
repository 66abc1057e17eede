import { bytesText, counted } from '../units.js';
import type { Demands } from './operation.js';

/** What running an artifact takes from its gateway, for people: one line each. */
export function demandLines({ isolation, limits = {}, needs = {}, restart }: Demands): string[] {
  const { memoryBytes, processes, cpuPercent, diskBytes } = limits;
  const most = [
    memoryBytes === undefined ? [] : `${bytesText(memoryBytes)} of memory`,
    processes === undefined ? [] : counted(processes, 'process', 'processes'),
    cpuPercent === undefined ? [] : `${cpuPercent}% of a core`,
    diskBytes === undefined ? [] : `${bytesText(diskBytes)} of data`,
  ].flat();
  return [
    isolation === undefined ? [] : `isolation: at least ${isolation}`,
    most.length === 0 ? [] : `at most: ${most.join(', ')}`,
    restart === undefined ? [] : `when it ends: ${restartText(restart)}`,
    Object.entries(needs).map(([what, items]) => `${what}: ${items.join(' ')}`),
  ].flat();
}

function restartText({ policy = 'always', mostBackoffSeconds }: NonNullable<Demands['restart']>): string {
  const what = {
    always: 'started again',
    onFailure: 'started again unless with status 0',
    never: 'left down',
  };
  const pause = mostBackoffSeconds === undefined ? '' : `, after ${mostBackoffSeconds} s at most`;
  return `${what[policy]}${policy === 'never' ? '' : pause}`;
}
