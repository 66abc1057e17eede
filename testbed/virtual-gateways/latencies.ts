/** How long requests took, counted in classes: fixed memory for any number of them. */

/** Classes a factor of two: each is some 9% wide. */
const classesPerDoubling = 8;
/** The first class ends here; what is quicker is counted in it. */
const firstEndMs = 0.125;
const classes = 160;

export class Latencies {
  private counts = new Array<number>(classes).fill(0);

  add(ms: number): void {
    const index = Math.ceil(Math.log2(Math.max(ms, firstEndMs) / firstEndMs) * classesPerDoubling);
    const place = Math.min(index, classes - 1);
    this.counts[place] = (this.counts[place] ?? 0) + 1;
  }

  /** The counts of all classes; counting begins anew. */
  take(): readonly number[] {
    const { counts } = this;
    this.counts = new Array<number>(classes).fill(0);
    return counts;
  }
}

/** Adds up counts of several processes. */
export function sumOf(all: readonly (readonly number[])[]): number[] {
  return Array.from({ length: classes }, (_, place) =>
    all.reduce((sum, counts) => sum + (counts[place] ?? 0), 0),
  );
}

export function totalOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Milliseconds within which the share `share` (0 to 1) of the requests was answered: the end of that class. */
export function quantileMs(counts: readonly number[], share: number): number {
  const rank = totalOf(counts) * share;
  let seen = 0;
  for (const [place, count] of counts.entries()) {
    seen += count;
    if (count > 0 && seen >= rank) return firstEndMs * 2 ** (place / classesPerDoubling);
  }
  return 0;
}
