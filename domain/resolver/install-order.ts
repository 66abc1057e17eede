/**
 * The order of installation: what an artifact relies on comes before it, since its install script may use it.
 *
 * Any one of those that meet a requirement is enough, so whatever has all it needs is installed at once, and nothing is
 * lost by that. What is left then waits for each other in circles. Of a circle that waits for nothing outside, some
 * requirements have to come too late: as few as can be, those of artifacts with an install script last, and a mandatory
 * one only when leaving out all optional ones does not help. Small circles are tried in every order that could be the
 * best; in large ones the next is the one that does the least harm.
 */
import { components } from './components.js';

/** Something that an item relies on: any one of these has to come before it. */
export interface Need<T> {
  readonly optional: boolean;
  readonly metBy: readonly T[];
}

/** What an order breaks, the worst first: mandatory needs of items with a script, others, then the optional ones. */
type Harm = readonly [number, number, number, number];

interface Waiting {
  readonly script: boolean;
  readonly needs: readonly { readonly optional: boolean; readonly metBy: readonly number[] }[];
}

/** Circles of so many are tried in every order (2^n steps of n). */
const smallCircle = 12;

/**
 * Orders items so that what they need comes first.
 * @param items in a deterministic order, which breaks ties
 * @param needsOf what an item needs of the others; what it needs that is not among the items is there already
 */
export function inOrder<T>(
  items: readonly T[],
  needsOf: (item: T) => readonly Need<T>[],
  hasScript: (item: T) => boolean,
): T[] {
  const positions = new Map(items.map((item, index) => [item, index]));
  const waiting = items.map((item): Waiting => {
    const needs: Waiting['needs'][number][] = [];
    for (const { optional, metBy } of needsOf(item)) {
      const places = metBy.map((other) => positions.get(other) ?? -1);
      if (!places.includes(-1)) needs.push({ optional, metBy: places });
    }
    return { script: hasScript(item), needs };
  });
  return new Ordering(waiting).order().flatMap((index) => items[index] ?? []);
}

class Ordering {
  private readonly done: boolean[];
  private readonly ordered: number[] = [];
  /** Needs that are not met yet, by item. */
  private readonly unmet: number[];
  /** Needs that an item meets, by item. */
  private readonly meets: { owner: number; need: number }[][];
  private readonly met: boolean[][];
  /** Places in a walk from the first item downwards: what belongs together stays together. */
  private readonly rank: number[];

  constructor(private readonly items: readonly Waiting[]) {
    this.done = items.map(() => false);
    this.unmet = items.map(({ needs }) => needs.length);
    this.met = items.map(({ needs }) => needs.map(() => false));
    this.meets = items.map(() => []);
    items.forEach(({ needs }, owner) => {
      needs.forEach(({ metBy }, need) => {
        for (const other of metBy) this.meets[other]?.push({ owner, need });
      });
    });
    this.rank = new Array<number>(items.length).fill(0);
    const walk = components(items.length, (item) => this.pending(item)).flatMap((circle) =>
      circle.toSorted(ascending),
    );
    walk.forEach((item, rank) => (this.rank[item] = rank));
  }

  order(): readonly number[] {
    const ready = new Ranks(this.rank);
    this.items.forEach((_, item) => {
      if (this.unmet[item] === 0) ready.add(item);
    });
    for (;;) {
      for (let item = ready.take(); item !== undefined; item = ready.take()) this.place(item, ready);
      if (this.ordered.length === this.items.length) return this.ordered;
      for (const item of this.unravelled(this.lowestCircle())) this.place(item, ready);
    }
  }

  private place(item: number, ready: Ranks): void {
    if (this.done[item] === true) return;
    this.done[item] = true;
    this.ordered.push(item);
    for (const { owner, need } of this.meets[item] ?? []) {
      const met = this.met[owner];
      if (met === undefined || met[need] === true) continue;
      met[need] = true;
      this.unmet[owner] = (this.unmet[owner] ?? 0) - 1;
      if (this.unmet[owner] === 0 && this.done[owner] !== true) ready.add(owner);
    }
  }

  /** What an item waits for. */
  private pending(item: number): number[] {
    const needs = this.items[item]?.needs ?? [];
    const met = this.met[item];
    const found: number[] = [];
    for (let need = 0; need < needs.length; need += 1)
      if (met?.[need] !== true) found.push(...(needs[need]?.metBy ?? []));
    return found;
  }

  /** Items that wait for each other and for nothing else. */
  private lowestCircle(): number[] {
    const left = this.items.flatMap((_, item) => (this.done[item] === true ? [] : [item]));
    const places = new Map(left.map((item, place) => [item, place]));
    const edges = (place: number) => this.pending(left[place] ?? 0).flatMap((item) => places.get(item) ?? []);
    // Components come after those that they point to, so the first points to no other.
    const [lowest = []] = components(left.length, edges);
    return lowest
      .flatMap((place) => left[place] ?? [])
      .sort((a, b) => (this.rank[a] ?? 0) - (this.rank[b] ?? 0));
  }

  private unravelled(circle: readonly number[]): number[] {
    return circle.length <= smallCircle ? this.leastHarm(circle) : this.greedy(circle);
  }

  /** Tries all sets of what may have come before, and keeps the best order of each. */
  private leastHarm(circle: readonly number[]): number[] {
    const all = 2 ** circle.length - 1;
    const best: ({ harm: Harm; last: number } | undefined)[] = [];
    best[0] = { harm: [0, 0, 0, 0], last: -1 };
    const needs = circle.map((item) => this.masks(item, circle));
    for (let placed = 0; placed < all; placed += 1) {
      const from = best[placed];
      if (from === undefined) continue;
      circle.forEach((item, place) => {
        const bit = 1 << place;
        if ((placed & bit) !== 0) return;
        const harm = plus(
          from.harm,
          this.harmOf(
            item,
            (needs[place] ?? []).map((mask) => (mask & placed) !== 0),
          ),
        );
        const known = best[placed | bit];
        if (known === undefined || compare(harm, known.harm) < 0) best[placed | bit] = { harm, last: place };
      });
    }
    const order: number[] = [];
    for (let placed = all; placed !== 0;) {
      const last = best[placed]?.last ?? 0;
      order.unshift(circle[last] ?? 0);
      placed &= ~(1 << last);
    }
    return order;
  }

  /** One bit for each of the circle that meets a need; all bits when the need is met already. */
  private masks(item: number, circle: readonly number[]): number[] {
    return (this.items[item]?.needs ?? []).map(({ metBy }, need) =>
      this.met[item]?.[need] === true
        ? -1
        : circle.reduce((mask, other, place) => (metBy.includes(other) ? mask | (1 << place) : mask), 0),
    );
  }

  private harmOf(item: number, met: readonly boolean[]): Harm {
    const { script = false, needs = [] } = this.items[item] ?? {};
    let [mandatory, optional] = [0, 0];
    needs.forEach((need, index) => {
      // A need whose mask is all bits is met even when nothing has been placed.
      if (met[index] === true || this.met[item]?.[index] === true) return;
      if (need.optional) optional += 1;
      else mandatory += 1;
    });
    return script ? [mandatory, 0, optional, 0] : [0, mandatory, 0, optional];
  }

  /** The one that does the least harm now; what it sets free follows by itself, and the rest of the circle after that. */
  private greedy(circle: readonly number[]): number[] {
    let [chosen, least] = [circle[0] ?? 0, null as Harm | null];
    for (const item of circle) {
      const harm = this.harmOf(item, []);
      if (least !== null && compare(harm, least) >= 0) continue;
      [chosen, least] = [item, harm];
    }
    return [chosen];
  }
}

/** Items by their rank, the lowest first: a binary heap. */
class Ranks {
  private readonly heap: number[] = [];

  constructor(private readonly rank: readonly number[]) {}

  add(item: number): void {
    const { heap } = this;
    let at = heap.length;
    heap.push(item);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.rankAt(parent) <= this.rankAt(at)) return;
      this.swap(at, parent);
      at = parent;
    }
  }

  take(): number | undefined {
    const { heap } = this;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    heap[0] = last;
    for (let at = 0; ;) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2])
        if (child < heap.length && this.rankAt(child) < this.rankAt(least)) least = child;
      if (least === at) return first;
      this.swap(at, least);
      at = least;
    }
  }

  private rankAt(place: number): number {
    return this.rank[this.heap[place] ?? 0] ?? 0;
  }

  private swap(left: number, right: number): void {
    const { heap } = this;
    [heap[left], heap[right]] = [heap[right] ?? 0, heap[left] ?? 0];
  }
}

function ascending(left: number, right: number): number {
  return left - right;
}

function plus(left: Harm, right: Harm): Harm {
  return [left[0] + right[0], left[1] + right[1], left[2] + right[2], left[3] + right[3]];
}

function compare(left: Harm, right: Harm): number {
  return left[0] - right[0] || left[1] - right[1] || left[2] - right[2] || left[3] - right[3];
}
