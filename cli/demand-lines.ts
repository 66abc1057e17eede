import type { Demands } from '../domain/artifact/operation.js';
import { bytesText } from './output.js';

/** What running an artifact takes from its gateway, for people: one line each. */
export function demandLines({ isolation, limits = {}, needs = {} }: Demands): string[] {
  const { memoryBytes, processes, cpuPercent } = limits;
  const most = [
    memoryBytes === undefined ? [] : `${bytesText(memoryBytes)} of memory`,
    processes === undefined ? [] : `${processes} processes`,
    cpuPercent === undefined ? [] : `${cpuPercent}% of a core`,
  ].flat();
  return [
    isolation === undefined ? [] : `isolation: at least ${isolation}`,
    most.length === 0 ? [] : `at most: ${most.join(', ')}`,
    Object.entries(needs).map(([what, items]) => `${what}: ${items.join(' ')}`),
  ].flat();
}
