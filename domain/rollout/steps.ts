/** The eight steps of provisioning, as the paper lists them (section III-D). */
export const stepNames = {
  i: 'Artifact available',
  ii: 'Deployment resolved to gateways',
  iii: 'Gateways grouped by node and delegated',
  iv: 'Compatibility and groups of equal need',
  v: 'Dependencies resolved and packages built',
  vi: 'Pushed or offered to pull',
  vii: 'Acknowledgements awaited',
  viii: 'All nodes complete',
} as const;

export type Step = keyof typeof stepNames;

/** The step as people read it: `(iv) Compatibility and groups of equal need`. */
export function stepTitle(step: Step): string {
  return `(${step}) ${stepNames[step]}`;
}
