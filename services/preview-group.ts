import type { GatewayGroup } from '../domain/grouping/gateway-grouping.js';
import { planRisks, type riskKinds } from '../domain/plan/plan-risks.js';
import type { LackedValues } from '../repositories/provisioning-repository.js';
import type { Repositories } from '../repositories/repositories.js';
import { declaredValues, partsOf, recipeOf } from './package-parts.js';

/** Days after which a gateway that was not heard of is named: nearly all call once a day at the least. */
const silentDays = 7;

/** Something to look at, and the gateways that it is about. */
interface PreviewedRisk {
  readonly kind: (typeof riskKinds)[number];
  readonly what: string;
  readonly gatewayIds: readonly string[];
}

/** What a rollout would do with gateways that need the same, by the checks of the steps themselves. */
export interface GroupPreview {
  /** The package of the first plan; null when there is nothing to do. */
  readonly package: {
    /** What names it before it is built: groups that differ in what is removed may need the same. */
    readonly recipe: string;
    /** True when it was built before. */
    readonly there: boolean;
    /** Bytes that each gateway fetches: of the archive, or what the plan says while there is none. */
    readonly bytes: number;
  } | null;
  /** Gateways that have all of it, and get other values without a package. */
  readonly configured: readonly string[];
  /** Gateways that would be offered nothing, since they lack values that the package needs. */
  readonly lacking: readonly LackedValues[];
  readonly risks: readonly PreviewedRisk[];
}

export const nothingToDo: GroupPreview = { package: null, configured: [], lacking: [], risks: [] };

/**
 * Looks at what steps iv and v would find for a group of gateways; nothing is stored.
 * @throws LeonoreError ARTIFACT_NOT_FOUND when an artifact was removed since the plan was made
 */
export async function previewGroup(
  { members, plans: [plan] }: Pick<GatewayGroup<string>, 'members' | 'plans'>,
  repositories: Pick<Repositories, 'artifacts' | 'packages' | 'provisioning' | 'gateways'>,
): Promise<GroupPreview> {
  const { artifacts, packages, provisioning, gateways } = repositories;
  if (plan === undefined) return nothingToDo;
  if (plan.install.length === 0 && plan.remove.length === 0) {
    const names = plan.artifacts.map(({ name }) => name);
    return { ...nothingToDo, ...(await provisioning.staleAmong(members, names)) };
  }
  const parts = await partsOf(plan, artifacts);
  const recipe = recipeOf(parts, plan);
  const known = await packages.known(recipe);
  const needed = declaredValues(parts).filter((value) => value.default === undefined);
  const lacking = await provisioning.lackingAmong(
    members,
    needed.map(({ key }) => key),
  );
  const silent = await gateways.silentAmong(members, silentDays);
  const risks: PreviewedRisk[] = planRisks(plan).map((risk) => ({ ...risk, gatewayIds: members }));
  if (silent.length > 0)
    risks.push({ kind: 'silent', what: `not heard of for ${silentDays} days`, gatewayIds: silent });
  return {
    package: { recipe, there: known !== null, bytes: known?.sizeBytes ?? plan.downloadSize },
    configured: [],
    lacking,
    risks,
  };
}
