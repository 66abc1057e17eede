import semver from 'semver';
import type { Plan } from './plan.js';

/** What somebody should look at before a rollout begins. */
export const riskKinds = ['downgrade', 'removal', 'silent'] as const;

interface PlanRisk {
  readonly kind: Exclude<(typeof riskKinds)[number], 'silent'>;
  /** In words. */
  readonly what: string;
}

/**
 * What a plan does that nobody may have meant: older versions in the place of newer ones, be they asked for or only needed,
 * and what an operator asked for and nothing replaces.
 */
export function planRisks({ install, remove, consent = [] }: Plan): PlanRisk[] {
  const brought = new Map(install.map((key) => [nameOf(key), versionOf(key)]));
  const downgrades = remove.flatMap((key): PlanRisk[] => {
    const to = brought.get(nameOf(key));
    if (to === undefined || !isOlder(to, versionOf(key))) return [];
    return [{ kind: 'downgrade', what: `${nameOf(key)} from ${versionOf(key)} to ${to}` }];
  });
  return [
    ...downgrades,
    ...consent.map((key): PlanRisk => ({ kind: 'removal', what: `${key}, which was asked for` })),
  ];
}

function isOlder(version: string, than: string): boolean {
  return (
    semver.valid(version) !== null && semver.valid(than) !== null && semver.compareBuild(version, than) < 0
  );
}

function nameOf(key: string): string {
  return key.slice(0, key.indexOf('@', 1));
}

function versionOf(key: string): string {
  return key.slice(key.indexOf('@', 1) + 1);
}
