/** What somebody has to look at, the most urgent first. */
import type { CampaignState } from '../../domain/campaign/state.js';
import type { GatewayCondition } from '../../domain/gateway/condition.js';
import type { StandingName } from '../../domain/wanted-state/judge.js';
import { gatewaysHref } from './gateway-address.js';
import { countedText } from './numbers.js';
import { toneOf, type Tone } from './tones.js';

export interface Attention {
  readonly key: string;
  readonly tone: Tone;
  readonly what: string;
  readonly why: string;
  readonly href: string;
}

interface Facts {
  readonly conditions: Readonly<Record<GatewayCondition, number>>;
  readonly campaigns: readonly {
    readonly id: string;
    readonly requests: readonly string[];
    readonly deployment: string;
    readonly state: CampaignState;
    readonly reason: string | null;
    readonly waitingFor: string | null;
  }[];
  readonly nodes: readonly { readonly id: string; readonly state: string; readonly problem: string | null }[];
  readonly wantedStates: readonly {
    readonly id: string;
    readonly requests: readonly string[];
    readonly deployment: string;
    readonly compliance: Readonly<Record<StandingName, number>>;
  }[];
}

/** A person has to decide before a campaign goes on. */
const heldStates: ReadonlySet<CampaignState> = new Set(['paused', 'awaiting-approval']);
const brokenStandings = ['conflict', 'cannot', 'silent'] as const satisfies readonly StandingName[];
const watchedConditions: Readonly<Partial<Record<GatewayCondition, string>>> = {
  contested: 'Somebody else registered under their ids. See who, and readmit or decommission.',
  silent: 'They missed several of their polls.',
  pending: 'They wait for somebody to let them in.',
  queued: 'They wait for a node with room.',
};

export function attentionOf({ conditions, campaigns, nodes, wantedStates }: Facts): Attention[] {
  const held = campaigns
    .filter(({ state }) => heldStates.has(state))
    .map(({ id, requests, deployment, state, reason, waitingFor }) => ({
      key: `campaign ${id}`,
      tone: toneOf(state),
      what: `${requests.join(' ')} to ${deployment} is ${state}`,
      why:
        reason ?? (waitingFor === null ? 'It goes on when somebody says so.' : `It waits for ${waitingFor}.`),
      href: `/campaigns/${encodeURIComponent(id)}`,
    }));
  const gateways = Object.entries(watchedConditions)
    .filter(([condition]) => conditions[condition as GatewayCondition] > 0)
    .map(([condition, why]) => ({
      key: condition,
      tone: toneOf(condition),
      what: `${countedText(conditions[condition as GatewayCondition], 'gateway')} ${condition}`,
      why,
      href: gatewaysHref({ state: condition as GatewayCondition }),
    }));
  const troubled = nodes
    .filter(({ state, problem }) => state === 'dead' || problem !== null)
    .map(({ id, state, problem }) => ({
      key: `node ${id}`,
      tone: toneOf(state === 'active' ? 'dead' : state),
      what: `Node ${id} is ${state}`,
      why: problem ?? 'Its gateways are moved to the others.',
      href: '/nodes',
    }));
  const broken = wantedStates.flatMap(({ id, requests, deployment, compliance }) => {
    const parts = brokenStandings.filter((standing) => compliance[standing] > 0);
    const [first] = parts;
    if (first === undefined) return [];
    return [
      {
        key: `wanted ${id}`,
        tone: toneOf(first),
        what: `${requests.join(' ')} on ${deployment} is not held everywhere`,
        why: parts
          .map((standing) => `${countedText(compliance[standing], 'gateway')} ${standing}`)
          .join(', '),
        href: `/wanted-states/${encodeURIComponent(id)}`,
      },
    ];
  });
  return [...held, ...troubled, ...broken, ...gateways];
}
