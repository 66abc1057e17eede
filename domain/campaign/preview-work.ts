/**
 * What the gateways of each phase would be given, and what goes over the line of each site for it. Plans are made as the real
 * ones are; a campaign's phases divide their gateways.
 */
import type { Labels } from '../gateway/labels.js';
import { siteLabelOf, type Strategy } from './strategy.js';

/** Gateways that need the same, of all phases. */
export interface PlannedGroup {
  readonly members: readonly string[];
  /** `NAME@VERSION` in order; both empty where there is nothing to do, or no plan. */
  readonly install: readonly string[];
  readonly remove: readonly string[];
  /** Why there is no plan, or why nobody knows; null when there is one. */
  readonly explanation: string | null;
  /** Null where none is needed. */
  readonly package: { readonly recipe: string; readonly there: boolean; readonly bytes: number } | null;
  /** Those that lack values which the package needs: they are offered nothing. */
  readonly lacking: ReadonlySet<string>;
}

interface PhaseGroup extends Pick<PlannedGroup, 'install' | 'remove' | 'explanation'> {
  readonly package: { readonly there: boolean; readonly bytes: number } | null;
  readonly gateways: number;
  /** Of these, the ones that lack values. */
  readonly lacking: number;
  /** The first of them. */
  readonly sample: readonly string[];
}

/** What goes over the line that gateways with the same value of the label share. */
interface SiteLoad {
  /** Empty for gateways without the label. */
  readonly site: string;
  readonly gateways: number;
  readonly bytes: number;
}

export interface PhaseWork {
  /** The largest first; at most {@link shownGroups} of {@link groupCount}. */
  readonly groups: readonly PhaseGroup[];
  readonly groupCount: number;
  /** Packages that no phase before has needed and nobody has built yet. */
  readonly packagesToBuild: number;
  readonly packagesThere: number;
  readonly downloadBytes: number;
  /** The busiest line first; at most {@link shownSites} of {@link siteCount}. */
  readonly sites: readonly SiteLoad[];
  readonly siteCount: number;
}

export const shownGroups = 20;
export const shownSites = 50;
const sampleSize = 5;

/**
 * Divides planned groups among phases.
 * @param phases the gateways of each
 * @param labels of gateways by their ids
 */
export function previewWork(
  strategy: Strategy,
  phases: readonly { readonly gatewayIds: readonly string[] }[],
  planned: readonly PlannedGroup[],
  labels: ReadonlyMap<string, Labels>,
): PhaseWork[] {
  const label = siteLabelOf(strategy);
  const groupOf = new Map(planned.flatMap((group) => group.members.map((id) => [id, group] as const)));
  const built = new Set<string>();
  return phases.map(({ gatewayIds }) => {
    const members = new Map<PlannedGroup, string[]>();
    const loads = new Map<string, SiteLoad>();
    for (const id of gatewayIds) {
      const group = groupOf.get(id);
      // It came or went while plans were made.
      if (group === undefined) continue;
      const own = members.get(group);
      if (own === undefined) members.set(group, [id]);
      else own.push(id);
      if (group.package !== null && !group.lacking.has(id))
        addLoad(loads, labels.get(id)?.[label] ?? '', group.package.bytes);
    }
    const groups = [...members].sort(([, one], [, other]) => other.length - one.length);
    const needed = new Map(
      groups.flatMap(([{ package: of }]) => (of === null ? [] : [[of.recipe, of.there]])),
    );
    const toBuild = [...needed].filter(([recipe, there]) => !there && !built.has(recipe));
    for (const [recipe] of toBuild) built.add(recipe);
    const sites = [...loads.values()].sort((one, other) => other.bytes - one.bytes);
    return {
      groups: groups.slice(0, shownGroups).map(([group, ids]) => phaseGroup(group, ids)),
      groupCount: groups.length,
      packagesToBuild: toBuild.length,
      packagesThere: needed.size - toBuild.length,
      downloadBytes: sites.reduce((sum, { bytes }) => sum + bytes, 0),
      sites: sites.slice(0, shownSites),
      siteCount: sites.length,
    };
  });
}

function addLoad(loads: Map<string, SiteLoad>, site: string, bytes: number): void {
  const known = loads.get(site);
  loads.set(site, { site, gateways: (known?.gateways ?? 0) + 1, bytes: (known?.bytes ?? 0) + bytes });
}

function phaseGroup(
  { install, remove, explanation, package: needed, lacking }: PlannedGroup,
  ids: readonly string[],
): PhaseGroup {
  return {
    install,
    remove,
    explanation,
    package: needed === null ? null : { there: needed.there, bytes: needed.bytes },
    gateways: ids.length,
    lacking: lacking.size === 0 ? 0 : ids.filter((id) => lacking.has(id)).length,
    sample: ids.slice(0, sampleSize),
  };
}
