/** What kinds of failure a campaign tells apart: budgets and retries are stated by them. */
export const errorClasses = [
  'network',
  'integrity',
  'space',
  'script',
  'health',
  'incompatible',
  'lost',
  'internal',
] as const;

export type ErrorClass = (typeof errorClasses)[number];

/** Those that may go away by themselves. The others are the same at each attempt, until somebody changes something. */
export const passingClasses = [
  'network',
  'integrity',
  'space',
  'lost',
  'internal',
] as const satisfies readonly ErrorClass[];
