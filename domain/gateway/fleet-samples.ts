const hour = 3_600;
const day = 24 * hour;

/**
 * How samples of the fleet are thinned: of those that are older, one a step stays; null: none. With one a minute at first
 * that is some 3,500 in all.
 */
export const sampleSteps: readonly {
  readonly olderThanSeconds: number;
  readonly stepSeconds: number | null;
}[] = [
  { olderThanSeconds: 3 * hour, stepSeconds: 600 },
  { olderThanSeconds: 2 * day, stepSeconds: hour },
  { olderThanSeconds: 60 * day, stepSeconds: day },
  { olderThanSeconds: 1_000 * day, stepSeconds: null },
];
