/** Which colour a state is shown in; the states themselves are the domain's. */
import type { CampaignState } from '../../domain/campaign/state.js';
import type { DeliveryState } from '../../domain/delivery/state.js';
import type { GatewayCondition } from '../../domain/gateway/condition.js';
import type { RolloutState } from '../../domain/rollout/state.js';
import type { WebhookDeliveryState } from '../../domain/webhook/retry.js';
import type { StandingName } from '../../domain/wanted-state/judge.js';

export type Tone = 'ok' | 'run' | 'wait' | 'lost' | 'unfit' | 'bad';

export const deliveryTones: Readonly<Record<DeliveryState, Tone>> = {
  pending: 'wait',
  offered: 'wait',
  downloading: 'run',
  installing: 'run',
  succeeded: 'ok',
  failed: 'bad',
  incompatible: 'unfit',
  lost: 'lost',
  cancelled: 'wait',
  superseded: 'wait',
};

export const rolloutTones: Readonly<Record<RolloutState, Tone>> = {
  requested: 'wait',
  running: 'run',
  cancelling: 'lost',
  succeeded: 'ok',
  partly: 'lost',
  failed: 'bad',
  cancelled: 'wait',
  superseded: 'wait',
};

export const campaignTones: Readonly<Record<CampaignState, Tone>> = {
  waiting: 'wait',
  running: 'run',
  baking: 'run',
  'awaiting-approval': 'lost',
  paused: 'lost',
  stopping: 'lost',
  aborting: 'lost',
  'rolling-back': 'lost',
  succeeded: 'ok',
  partly: 'lost',
  failed: 'bad',
  stopped: 'wait',
  aborted: 'wait',
  'rolled-back': 'lost',
};

export const conditionTones: Readonly<Record<GatewayCondition, Tone>> = {
  online: 'ok',
  silent: 'lost',
  queued: 'wait',
  pending: 'wait',
  contested: 'bad',
  decommissioned: 'wait',
};

export const standingTones: Readonly<Record<StandingName, Tone>> = {
  held: 'ok',
  drifted: 'lost',
  moving: 'run',
  cannot: 'unfit',
  silent: 'lost',
  conflict: 'bad',
};

const tonesOfNodes: Readonly<Record<string, Tone>> = {
  launching: 'wait',
  active: 'ok',
  draining: 'lost',
  stopped: 'wait',
  dead: 'bad',
};

const tonesOfWebhooks: Readonly<Record<WebhookDeliveryState | 'well' | 'failing' | 'gone', Tone>> = {
  waiting: 'wait',
  delivered: 'ok',
  dead: 'bad',
  well: 'ok',
  failing: 'lost',
  gone: 'bad',
};

const tones: Readonly<Record<string, Tone>> = {
  ...tonesOfNodes,
  ...standingTones,
  ...conditionTones,
  ...deliveryTones,
  ...rolloutTones,
  ...campaignTones,
  planned: 'wait',
  built: 'ok',
  reused: 'ok',
  ...tonesOfWebhooks,
};

/** Of any state that is shown as a word; quiet for one that nobody knows. */
export function toneOf(state: string): Tone {
  return Object.hasOwn(tones, state) ? (tones[state] ?? 'wait') : 'wait';
}
