import type { ArtifactManifest } from '../artifact/manifest.js';
import { matches, parseSelector, type Selector } from '../selector/selector.js';
import { artifactMeets, factMeets, type FixedFact, type GatewayFacts } from './gateway-facts.js';
import { variantChoices, variantLabel, type VariantChoice } from './platform.js';

/** Why an artifact can never be installed on a gateway, whatever else the plan holds. */
export type Rejection =
  | { readonly type: 'hardware' }
  | { readonly type: 'fixed'; readonly fact: FixedFact }
  /** Labels of the platforms that it is there for. */
  | { readonly type: 'platform'; readonly only: readonly string[] }
  | { readonly type: 'policy'; readonly select: string }
  | { readonly type: 'conflict'; readonly fact: FixedFact }
  /** The gateway has a newer one, and nobody said that an older one may take its place. */
  | { readonly type: 'downgrade'; readonly from: string };

export type Eligibility =
  | { readonly eligible: true; readonly choices: readonly VariantChoice[] }
  | { readonly eligible: false; readonly rejection: Rejection };

const selectors = new WeakMap<ArtifactManifest, Selector>();

/** Tells whether an artifact's policy lets it go onto the gateway; without a gateway it does. */
export function policyAllows(manifest: ArtifactManifest, facts: GatewayFacts): boolean {
  const select = manifest.policies?.select;
  if (select === undefined || facts.profile === null) return true;
  let selector = selectors.get(manifest);
  if (selector === undefined) {
    selector = parseSelector(select);
    selectors.set(manifest, selector);
  }
  return matches(selector, facts.profile);
}

/** What keeps an artifact from a gateway that could have it otherwise: not what the gateway has, or lacks, of its own. */
export type Barrier = Extract<Rejection, { type: 'policy' | 'conflict' | 'platform' }>;

export function isBarrier(rejection: Rejection): rejection is Barrier {
  return rejection.type !== 'hardware' && rejection.type !== 'fixed';
}

/** Names a barrier of an artifact, to be left out. */
export function barrierKey({ name, version }: ArtifactManifest, { type }: Pick<Barrier, 'type'>): string {
  return `${type} of ${name}@${version}`;
}

const nothing: ReadonlySet<string> = new Set();

/**
 * Judges an artifact by the fixed facts of a gateway alone.
 * @param ignored barriers to leave out ({@link barrierKey})
 */
export function eligibilityOf(
  manifest: ArtifactManifest,
  facts: GatewayFacts,
  ignored = nothing,
): Eligibility {
  const isIgnored = (type: Barrier['type']) =>
    ignored.size > 0 && ignored.has(barrierKey(manifest, { type }));
  const reject = (rejection: Rejection): Eligibility => ({ eligible: false, rejection });
  const fixed = facts.fixed.get(manifest.name);
  if (fixed !== undefined) return reject({ type: 'fixed', fact: fixed });
  // Without a gateway the hardware that the catalog describes is assumed to be there.
  if (manifest.kind === 'hardware' && facts.profile !== null) return reject({ type: 'hardware' });
  if (!policyAllows(manifest, facts) && !isIgnored('policy')) {
    return reject({ type: 'policy', select: manifest.policies?.select ?? '' });
  }
  for (const fact of facts.fixed.values()) {
    if (conflictsWithFact(manifest, fact) && !isIgnored('conflict'))
      return reject({ type: 'conflict', fact });
  }
  const choices = variantChoices(manifest, isIgnored('platform') ? null : facts.profile);
  if (choices.length > 0) return { eligible: true, choices };
  const labels = (manifest.variants ?? []).map(variantLabel);
  return reject({ type: 'platform', only: [...new Set(labels)] });
}

function conflictsWithFact(manifest: ArtifactManifest, fact: FixedFact): boolean {
  return (
    (manifest.conflicts?.some(({ name, version }) => factMeets(fact, name, version)) ?? false) ||
    (fact.manifest?.conflicts?.some(({ name, version }) => artifactMeets(manifest, name, version)) ?? false)
  );
}
