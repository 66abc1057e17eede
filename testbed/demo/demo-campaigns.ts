/**
 * The end of the demo: two campaigns over the real gateways with a probe. Version 3.0.0 starts a program that ends
 * at once, so it is not well on the canary, which gets back what it had; the others never see it. Version 3.1.0 goes
 * through the phases.
 */
import { cp, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { Value } from 'typebox/value';
import { isCampaignEnded } from '../../domain/campaign/state.js';
import { ArtifactManifestSchema } from '../../domain/artifact/manifest.js';
import type { CampaignView, LeonoreApi } from '../api.js';
import type { Check } from './checks.js';
import type { PreparedArtifact } from './prepared-artifacts.js';

export const brokenVersion = '3.0.0';
export const goodVersion = '3.1.0';

const campaignTimeoutMs = 120_000;
const lookMs = 250;

/**
 * Makes both versions of the thermometer that is there.
 * @returns their directories, beside that of the thermometer
 */
export async function nextThermometers({ directory }: PreparedArtifact): Promise<string[]> {
  const made = [brokenVersion, goodVersion].map(async (version) => {
    const target = join(dirname(directory), `thermometer-${version}`);
    await cp(directory, target, { recursive: true });
    const path = join(target, 'artifact.yaml');
    const manifest = Value.Parse(ArtifactManifestSchema, parse(await readFile(path, 'utf8')));
    // Its check says once that there is no reading yet: no program for an application to run.
    const control = { ...manifest.control, ...(version === brokenVersion ? { start: 'bin/check' } : {}) };
    await writeFile(path, stringify({ ...manifest, version, control }));
    return target;
  });
  return Promise.all(made);
}

/** The version that cannot be well: to its end, which is the way back. */
export async function runBrokenCampaign(api: LeonoreApi, gateways: string[]): Promise<CampaignView> {
  return run(api, `thermometer@${brokenVersion}`, gateways, {
    phases: [{ name: 'canary', count: 1 }],
    errorBudget: { count: 0, onBreach: 'roll-back-all' },
  });
}

/** The version that is well, through its phases. */
export async function runGoodCampaign(api: LeonoreApi, gateways: string[]): Promise<CampaignView> {
  return run(api, `thermometer@${goodVersion}`, gateways, {
    phases: [
      { name: 'canary', count: 1 },
      { name: 'early', percent: 40 },
    ],
    gate: { successShare: 1 },
    errorBudget: { count: 0, onBreach: 'roll-back-all' },
  });
}

async function run(
  api: LeonoreApi,
  request: string,
  gateways: string[],
  strategy: Record<string, unknown>,
): Promise<CampaignView> {
  const id = await api.startCampaign({ requests: [request], gateways, strategy });
  const endMs = Date.now() + campaignTimeoutMs;
  for (;;) {
    const campaign = await api.campaign(id);
    // One that has not ended in time is told by the checks.
    if (isCampaignEnded(campaign.state) || Date.now() >= endMs) return campaign;
    await sleep(lookMs);
  }
}

/**
 * What should have come of both.
 * @param between what each gateway had installed after the first
 * @param after what each has installed in the end
 */
export function checkCampaigns(
  { broken, good }: { readonly broken: CampaignView; readonly good: CampaignView },
  between: ReadonlyMap<string, readonly string[]>,
  after: ReadonlyMap<string, readonly string[]>,
): Check[] {
  const others = broken.phases.slice(1);
  const isBack = [...between.values()].every((keys) => keys.includes('thermometer@2.0.0'));
  const sizes = good.phases.map(({ name, succeeded, gateways }) => `${name} ${succeeded}/${gateways}`);
  return [
    {
      name: `thermometer ${brokenVersion} failed on the canary and was rolled back; the others never saw it`,
      ok:
        broken.state === 'rolled-back' &&
        broken.wayBack?.left.length === 0 &&
        broken.phases[0]?.gateways === 1 &&
        others.every(({ notBegun, gateways }) => notBegun === gateways) &&
        isBack,
      detail: `${broken.state}: ${broken.reason ?? ''}`,
    },
    {
      name: `thermometer ${goodVersion} went through canary, early and rest`,
      ok:
        good.state === 'succeeded' &&
        good.phases.length === 3 &&
        [...after.values()].every((keys) => keys.includes(`thermometer@${goodVersion}`)),
      detail: `${good.state}: ${sizes.join(', ')}`,
    },
  ];
}
