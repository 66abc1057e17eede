import { LRUCache } from 'lru-cache';

const runPattern = /^[0-9a-f]{16}$/;
/** One alternation may be an answer that was late; a restart never goes back. */
const returnsOfTwo = 2;
/** One gateway is told of at most so often. */
const toldAgainMs = 60_000;

interface Runs {
  current: string;
  previous: string | null;
  returns: number;
}

/**
 * Which run of its agent each gateway asked in. A device that is started anew has a new run and never an old one again, so runs that take
 * turns are two devices with one disk's content, also behind one address.
 */
export class RunsOfGateways {
  private readonly runs = new LRUCache<string, Runs>({ max: 200_000 });
  private readonly told = new LRUCache<string, true>({ max: 10_000, ttl: toldAgainMs });

  /** Notes a run. @returns whether there are two devices, once a minute while there are */
  isSecondDevice(gatewayId: string, run: string): boolean {
    if (!runPattern.test(run)) return false;
    const known = this.runs.get(gatewayId);
    if (known === undefined) this.runs.set(gatewayId, { current: run, previous: null, returns: 0 });
    if (known === undefined || known.current === run) return false;
    known.returns = known.previous === run ? known.returns + 1 : 0;
    known.previous = known.current;
    known.current = run;
    if (known.returns < returnsOfTwo || this.told.has(gatewayId)) return false;
    this.told.set(gatewayId, true);
    return true;
  }
}
