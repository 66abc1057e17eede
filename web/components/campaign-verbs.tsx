import type { CampaignVerb } from '../../domain/campaign/state.js';
import { answerOf, api } from '../api/client.js';
import type { Schemas } from '../api/queries.js';
import { useMay } from '../api/whoami.js';
import { verbIsOffered } from '../logic/campaign.js';
import { AskButton } from './dialogs.js';

type Campaign = Schemas['Campaign'];

interface Words {
  readonly action: string;
  readonly title: string;
  readonly what: string;
  readonly kind: 'plain' | 'primary' | 'danger';
  /** It takes something away from gateways, and is confirmed by name. */
  readonly destroys: boolean;
}

const words: Readonly<Record<CampaignVerb, Words>> = {
  approve: {
    action: 'Approve',
    title: 'Approve the phase that has ended?',
    what: 'The next phase begins.',
    kind: 'primary',
    destroys: false,
  },
  resume: {
    action: 'Resume',
    title: 'Go on with this campaign?',
    what: 'What has failed so far is accepted, and the next gateways are begun.',
    kind: 'primary',
    destroys: false,
  },
  retry: {
    action: 'Retry',
    title: 'Try again what failed?',
    what: 'Every gateway that failed is tried again; while the campaign is paused, when it goes on.',
    kind: 'plain',
    destroys: false,
  },
  pause: {
    action: 'Pause',
    title: 'Pause this campaign?',
    what: 'Nothing new begins until it is resumed; what runs finishes.',
    kind: 'plain',
    destroys: false,
  },
  stop: {
    action: 'Stop',
    title: 'Stop this campaign?',
    what: 'Nothing new begins; what runs finishes, and the campaign ends. What is installed stays.',
    kind: 'danger',
    destroys: false,
  },
  abort: {
    action: 'Abort',
    title: 'Abort this campaign?',
    what: 'Nothing new begins, and what has not switched is withdrawn. What is installed stays.',
    kind: 'danger',
    destroys: true,
  },
  rollback: {
    action: 'Roll back',
    title: 'Bring back what was?',
    what: 'Every gateway that the campaign changed gets back what it had before.',
    kind: 'danger',
    destroys: true,
  },
};

const order = Object.keys(words) as readonly CampaignVerb[];

/** What can be asked of a campaign as it stands, by whoever looks. */
export function CampaignVerbs({ campaign }: { readonly campaign: Campaign }) {
  const may = useMay();
  return order
    .filter((verb) => verbIsOffered(campaign.state, verb))
    .filter((verb) => (verb === 'approve' ? may('approver') || may('operator') : may('operator')))
    .map((verb) => {
      const { action, title, what, kind, destroys } = words[verb];
      return (
        <AskButton
          key={verb}
          {...{ action, title, kind }}
          withReason
          {...(destroys ? { name: campaign.requests[0] ?? campaign.id } : {})}
          run={(reason) => tell(campaign.id, verb, reason)}
        >
          <p>{what}</p>
        </AskButton>
      );
    });
}

function tell(id: string, verb: CampaignVerb, reason: string): Promise<unknown> {
  const body = reason === '' ? {} : { reason };
  return answerOf(api.POST(`/api/v1/campaigns/{id}/${verb}`, { params: { path: { id } }, body }));
}
