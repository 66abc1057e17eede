/** The fleet over time as lines of a chart. */

export interface Line {
  readonly name: string;
  /** One for each sample; null: nothing is known of it, and the line has a gap or ends. */
  readonly counts: readonly (number | null)[];
}

interface Sample {
  readonly at: string;
  readonly gateways: number;
  readonly conditions: Readonly<Record<string, number>>;
  readonly versions: readonly {
    readonly name: string;
    readonly version: string;
    readonly gateways: number;
  }[];
}

/** How the gateways stood; conditions that none was in are left out. */
export function conditionLines(samples: readonly Sample[], conditions: readonly string[]): Line[] {
  return conditions
    .map((name) => ({ name, counts: samples.map((sample) => sample.conditions[name] ?? 0) }))
    .filter(({ counts }) => counts.some((count) => count > 0));
}

/** The versions that most gateways had at any time, the most first. */
export function versionLines(samples: readonly Sample[], most: number): Line[] {
  const lines = new Map<string, number[]>();
  samples.forEach(({ versions }, index) => {
    for (const { name, version, gateways } of versions) {
      const key = `${name} ${version}`;
      const counts = lines.get(key) ?? samples.map(() => 0);
      counts[index] = gateways;
      lines.set(key, counts);
    }
  });
  return [...lines]
    .map(([name, counts]) => ({ name, counts, peak: Math.max(...counts) }))
    .sort((one, other) => other.peak - one.peak)
    .slice(0, most)
    .map(({ name, counts }) => ({ name, counts }));
}

/** Samples in a row of which something is known: a line is drawn through each such run. */
export function runsOf({ counts }: Line): { readonly index: number; readonly count: number }[][] {
  const runs: { index: number; count: number }[][] = [];
  let isGap = true;
  counts.forEach((count, index) => {
    if (count !== null) {
      if (isGap) runs.push([]);
      runs.at(-1)?.push({ index, count });
    }
    isGap = count === null;
  });
  return runs;
}

/** So many of the samples, evenly taken, the first and the last among them: for a table that can be read. */
export function someOf<T>(samples: readonly T[], most: number): T[] {
  if (samples.length <= most) return [...samples];
  const step = (samples.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, n) => samples[Math.round(n * step)]).filter(
    (sample) => sample !== undefined,
  );
}

/** A number that ends an axis well: 1, 2 or 5 times a power of ten, not below the most. */
export function axisEnd(most: number): number {
  if (most <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 5, 10].map((factor) => factor * power).find((end) => end >= most) ?? most;
}
