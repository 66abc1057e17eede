import type { Plan } from '../plan/plan.js';
import type { Catalog } from '../resolver/catalog.js';
import type { GatewayProfile } from '../gateway/profile.js';
import { variantChoices } from '../resolver/platform.js';

/** What a gateway must have free for a plan. */
export interface Needs {
  readonly disk: number;
  readonly memory: number;
}

/** The needs of a list of plans: as much as the most demanding of them. */
export function needsOf(plans: readonly Plan[], catalog: Catalog, profile: GatewayProfile): Needs {
  return {
    disk: Math.max(0, ...plans.map(({ peakDisk }) => peakDisk)),
    memory: Math.max(0, ...plans.map((plan) => memoryOf(plan, catalog, profile))),
  };
}

/** Memory of what is installed less that of what goes, as the resolver counts it. */
function memoryOf(plan: Plan, catalog: Catalog, profile: GatewayProfile): number {
  const find = (key: string) => {
    const at = key.indexOf('@');
    return catalog.versionsOf(key.slice(0, at)).find(({ version }) => version === key.slice(at + 1));
  };
  const chosen = new Map(
    plan.artifacts.map((planned) => [`${planned.name}@${planned.version}`, planned.variantIndex]),
  );
  let memory = 0;
  for (const key of plan.install) {
    const variants = find(key)?.variants ?? [];
    const index = chosen.get(key);
    memory += (index === undefined || index === null ? undefined : variants[index]?.memory) ?? 0;
  }
  for (const key of plan.remove) {
    const manifest = find(key);
    if (manifest !== undefined) memory -= variantChoices(manifest, profile)[0]?.memory ?? 0;
  }
  return memory;
}
