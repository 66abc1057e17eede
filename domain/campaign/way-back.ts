/** How a gateway of a campaign goes back to what it was before its phase began. */
import type { DeliveryState } from '../delivery/state.js';
import type { Installed } from '../gateway/profile.js';

/** What is known of a gateway that may have to go back. */
export interface Returning {
  /** What was installed when it was first given work by the campaign. */
  readonly before: readonly Installed[];
  /** What is installed now, as far as it has said. */
  readonly now: readonly Installed[];
  /** `NAME@VERSION` that the campaign brings. */
  readonly brought: readonly string[];
  /** The work that it was given last: on its way forth, or back. */
  readonly work: 'forth' | 'back';
  /** How that ended; null when nothing was delivered. */
  readonly state: DeliveryState | null;
  /** Other work changed what is installed since, or is about to. */
  readonly changedSince: boolean;
  /** Work that it was given on its way back. */
  readonly tries: number;
}

export type StepBack =
  /** Deliver these, exactly. */
  | { readonly step: 'deliver'; readonly requests: readonly string[] }
  /** Uninstall what came besides. */
  | { readonly step: 'uninstall'; readonly artifact: string }
  /** It is as it was, or is left as it is with a reason. */
  | { readonly step: 'end'; readonly leftBecause: string | null };

/** Steps that one gateway is given: what was is one, and each artifact that came besides. */
const mostSteps = 12;

/**
 * The next step of a gateway on its way back; its work has ended. What was is delivered first, in the versions that there
 * were, then what came besides is uninstalled. A gateway that somebody changed otherwise in the meantime is left: what they
 * did is not undone.
 */
export function nextStepBack(gateway: Returning): StepBack {
  const { before, now, state, work, tries } = gateway;
  const missing = before.filter((artifact) => !has(now, artifact));
  const besides = now.filter(({ name }) => before.every((artifact) => artifact.name !== name));
  if (missing.length === 0 && besides.length === 0) {
    // Nobody has heard of it, and it may have the task still.
    return ended(
      work === 'forth' && state === 'lost' ? 'it is silent, and may have switched or do so yet' : null,
    );
  }
  if (gateway.changedSince) return ended('other work has changed it since, or is about to');
  if (work === 'back' && state !== 'succeeded')
    return ended(`the way back ended ${state ?? 'before it began'}`);
  if (work === 'forth' && state === 'succeeded' && !gateway.brought.every((key) => hasKey(now, key)))
    return ended('what is installed is not what the campaign brought');
  if (tries >= mostSteps) return ended('it does not become what it was');
  if (missing.length > 0) {
    // It had all of that delivered, successfully: another time would not help.
    if (work === 'back' && besides.length === 0) return ended('it does not become what it was');
    return { step: 'deliver', requests: missing.map(({ name, version }) => `${name}@${version}`) };
  }
  // What was asked for goes first, and takes with it what came for its sake.
  const [next] = [...besides].sort(
    (one, other) => rank(one) - rank(other) || (one.name < other.name ? -1 : 1),
  );
  return next === undefined ? ended(null) : { step: 'uninstall', artifact: next.name };
}

function ended(leftBecause: string | null): StepBack {
  return { step: 'end', leftBecause };
}

function rank({ requested }: Installed): number {
  return requested === false ? 1 : 0;
}

function has(
  installed: readonly Installed[],
  { name, version }: Pick<Installed, 'name' | 'version'>,
): boolean {
  return installed.some((artifact) => artifact.name === name && artifact.version === version);
}

function hasKey(installed: readonly Installed[], key: string): boolean {
  return installed.some(({ name, version }) => `${name}@${version}` === key);
}
