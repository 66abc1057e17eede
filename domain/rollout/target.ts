import { counted } from '../units.js';

/**
 * Whom a rollout goes to: the gateways of a deployment, some by name, all that a selector matches, or those of one phase
 * of a campaign. It is resolved to gateways in step ii, once.
 */
export type RolloutTarget =
  | { readonly deployment: string }
  | { readonly gateways: readonly string[] }
  | { readonly select: string }
  | { readonly campaign: string; readonly phase: number };

/** Whom a person may name: anything but a phase, which its campaign alone starts. */
export type NamedTarget = Exclude<RolloutTarget, { readonly campaign: string }>;

/** Characters of a selector that are shown to people. */
const shownSelector = 60;

/** A target as people read it; a deployment by its name alone. */
export function targetText(target: RolloutTarget): string {
  if ('deployment' in target) return target.deployment;
  if ('select' in target) {
    const characters = Array.from(target.select);
    const shown = characters.slice(0, shownSelector).join('');
    return `select ${shown}${characters.length > shownSelector ? '…' : ''}`;
  }
  if ('campaign' in target) return `campaign ${target.campaign}, phase ${target.phase + 1}`;
  const [first = ''] = target.gateways;
  return target.gateways.length === 1 ? `gateway ${first}` : counted(target.gateways.length, 'gateway');
}

/** What is said when a target has no gateways now. */
export function emptyTargetText(target: RolloutTarget): string {
  return 'deployment' in target
    ? `the deployment "${target.deployment}" has no gateways now`
    : `${targetText(target)}: no such gateway is in service now`;
}
