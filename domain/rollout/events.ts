/** What may happen to a rollout besides its steps: recorded, and shown to people. */
export const rolloutEventKinds = [
  /** Database and Temporal had parted; the reconciler brought them together. */
  'mended',
  /** A node died while it worked on the rollout. */
  'node-lost',
  /** A part of it took two nodes with it and is not planned any more. */
  'quarantined',
  /** A delivery was corrected after the end, and the outcome with it. */
  'corrected',
] as const;

export type RolloutEventKind = (typeof rolloutEventKinds)[number];
