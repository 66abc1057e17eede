/**
 * What a node remembers of its gateways: who they are and what they were last told. A gateway that asks for news when
 * there is none is answered from here, without a query.
 *
 * INVARIANTS
 * - The memory only ever says yes: who is not admitted by it is looked up before being refused.
 * - An entry is what the database held after the last announced change (repositories/gateway-changes.ts). While changes
 *   are not announced nothing is remembered.
 * - What a query has read is remembered only when nothing was announced for the gateway since the query began.
 */
import { LRUCache } from 'lru-cache';

/** Entries; about 400 bytes each. */
const maximum = 200_000;

export class KnownGateways<Entry extends object> {
  private readonly entries = new LRUCache<string, Entry>({ max: maximum });
  private readonly readings = new Set<Reading>();
  private announced = false;

  get(gatewayId: string): Entry | undefined {
    return this.entries.get(gatewayId);
  }

  /** Changes are announced from now on: what is read from now on can be remembered. */
  trust(): void {
    this.forgetAll();
    this.announced = true;
  }

  /** Changes may be missed from now on. */
  distrust(): void {
    this.announced = false;
    this.forgetAll();
  }

  /** Something about the gateway has changed. */
  forget(gatewayId: string): void {
    this.entries.delete(gatewayId);
    for (const reading of this.readings) reading.changed.add(gatewayId);
  }

  /** Replaces what is remembered, if anything is; what is being read may be older than that. */
  change(gatewayId: string, change: (entry: Entry) => Entry): void {
    const entry = this.entries.get(gatewayId);
    this.forget(gatewayId);
    if (entry !== undefined) this.entries.set(gatewayId, change(entry));
  }

  /**
   * Runs a query and remembers what it gives for each gateway that nothing was announced for meanwhile.
   * @param isWorth tells what may be remembered
   */
  async read(
    query: () => Promise<ReadonlyMap<string, Entry>>,
    isWorth: (entry: Entry) => boolean,
  ): Promise<ReadonlyMap<string, Entry>> {
    const reading: Reading = { changed: new Set(), outdated: !this.announced };
    this.readings.add(reading);
    try {
      const found = await query();
      if (!reading.outdated) {
        for (const [gatewayId, entry] of found) {
          if (!reading.changed.has(gatewayId) && isWorth(entry)) this.entries.set(gatewayId, entry);
        }
      }
      return found;
    } finally {
      this.readings.delete(reading);
    }
  }

  private forgetAll(): void {
    this.entries.clear();
    for (const reading of this.readings) reading.outdated = true;
  }
}

/** A query under way. */
interface Reading {
  /** Gateways whose change was announced since it began. */
  readonly changed: Set<string>;
  outdated: boolean;
}
