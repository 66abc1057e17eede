import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { isCampaignEnded } from '../../domain/campaign/state.js';
import { useLiveStream } from '../api/live-stream.js';
import {
  campaignQuery,
  campaignReasonsQuery,
  gatewaysOfCampaignReason,
  type Schemas,
} from '../api/queries.js';
import { CampaignProgress } from '../components/campaign-progress.js';
import { CampaignVerbs } from '../components/campaign-verbs.js';
import { Ago, Duration, Instant } from '../components/clock.js';
import { DeliveryReasons } from '../components/delivery-reasons.js';
import { Loaded } from '../components/loaded.js';
import { campaignReportHref, GatewayLink, Name, Requests, rolloutHref } from '../components/name.js';
import { Card, Empty, Page } from '../components/page.js';
import { ShareBar } from '../components/share-bar.js';
import { StateChip } from '../components/state-chip.js';
import { WorkflowLink } from '../components/workflow-link.js';
import { plannedAtOnce } from '../logic/campaign-rest.js';
import { budgetText, failedOf, failuresOf, gateText, phaseParts } from '../logic/campaign.js';
import { countedText, numberText, shareText } from '../logic/numbers.js';
import { printable, printableLines } from '../logic/text.js';

type Campaign = Schemas['Campaign'];

export default function CampaignPage({ id }: { readonly id: string }) {
  const campaign = useQuery(campaignQuery(id));
  useLiveStream(['campaigns', 'rollouts']);
  const { data } = campaign;
  return (
    <Page
      title={data === undefined ? `Campaign ${id}` : `${data.requests.join(' ')} to ${data.deployment}`}
      crumbs={[{ text: 'Campaigns', href: '/campaigns' }]}
      beside={
        data !== undefined && (
          <StateChip
            state={data.state}
            note={data.waitingFor === null ? null : `waiting for ${data.waitingFor}`}
          />
        )
      }
      actions={
        data !== undefined && (
          <>
            <Link className="button link-button" href={campaignReportHref(id)}>
              Report
            </Link>
            <WorkflowLink address={data.temporalUi} />
            <CampaignVerbs campaign={data} />
          </>
        )
      }
    >
      <Loaded query={campaign}>{(shown) => <CampaignView campaign={shown} />}</Loaded>
    </Page>
  );
}

function CampaignView({ campaign }: { readonly campaign: Campaign }) {
  const { id, phases, selected, strategy, reason, createdAt, endedAt, wayBack } = campaign;
  const ended = phases.reduce((sum, phase) => sum + phase.succeeded + failedOf(phase), 0);
  const failed = phases.reduce((sum, phase) => sum + failedOf(phase), 0);
  const budget = budgetText(strategy);
  return (
    <div className="stack">
      <Card title="Progress">
        <ShareBar parts={phaseParts(phases)} withWords />
        <p className="quiet">
          Begun <Instant at={createdAt} />, {endedAt === null ? 'for' : 'took'}{' '}
          <Duration from={createdAt} to={endedAt} />; brings{' '}
          {selected.length === 0 ? 'what is chosen when it begins' : <Requests requests={selected} />}.{' '}
          {budget !== null && (
            <>
              {budget}{' '}
              {ended > 0 && `Now ${shareText(failed / ended)} of ${countedText(ended, 'gateway')}.`}{' '}
            </>
          )}
          <code>{printable(id)}</code>
        </p>
        {reason !== null && <p className="why tone-lost">{printableLines(reason)}</p>}
      </Card>
      <Card title="Over time">
        <CampaignProgress id={id} isEnded={isCampaignEnded(campaign.state)} />
      </Card>
      <Card title="Phases">
        <Phases campaign={campaign} />
      </Card>
      <div className="two">
        <div className="stack">
          <Card title="What failed">
            <Failures campaign={campaign} />
          </Card>
          <Card title="Rollouts">
            <Rollouts rollouts={campaign.rollouts} />
          </Card>
        </div>
        <div className="stack">
          {wayBack !== null && (
            <Card title="The way back">
              <p>{wayBackText(wayBack)}</p>
              <ul className="plain-list">
                {wayBack.left.map(({ gatewayId, because }) => (
                  <li key={gatewayId}>
                    <GatewayLink id={gatewayId} />: {printableLines(because)}
                  </li>
                ))}
              </ul>
            </Card>
          )}
          <Card title="What happened">
            <Events campaign={campaign} />
          </Card>
        </div>
      </div>
    </div>
  );
}

function wayBackText({ open, left }: NonNullable<Campaign['wayBack']>): string {
  if (open > 0) return `${countedText(open, 'gateway')} to go.`;
  return left.length === 0 ? 'Every gateway that was changed is back.' : 'Every gateway is back, but for:';
}

function Phases({ campaign: { phases, strategy } }: { readonly campaign: Campaign }) {
  if (phases.length === 0) return <Empty>The gateways are not chosen yet.</Empty>;
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="Table of phases">
      <table className="plain">
        <thead>
          <tr>
            <th scope="col">Phase</th>
            <th scope="col" className="end">
              Gateways
            </th>
            <th scope="col">Progress</th>
            <th scope="col" className="end">
              Succeeded
            </th>
            <th scope="col" className="end">
              Failed
            </th>
            <th scope="col" className="end">
              Not well
            </th>
            <th scope="col">Gate</th>
            <th scope="col">Begun</th>
          </tr>
        </thead>
        <tbody>
          {phases.map((phase) => (
            <tr key={phase.phase}>
              <th scope="row">
                {phase.phase} <Name text={phase.name} />
              </th>
              <td className="end">{numberText(phase.gateways)}</td>
              <td className="bar-cell-small">
                <ShareBar parts={phaseParts([phase])} withWords={false} />
              </td>
              <td className="end">{numberText(phase.succeeded)}</td>
              <td className="end">{numberText(failedOf(phase))}</td>
              <td className="end">{numberText(phase.unwell)}</td>
              <td>{gateText(strategy, phase.phase)}</td>
              <td>
                {phase.startedAt === null ? (
                  <span className="quiet">not yet</span>
                ) : (
                  <Ago at={phase.startedAt} />
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Failures({ campaign: { id, phases, requests } }: { readonly campaign: Campaign }) {
  const failures = failuresOf(phases);
  const reasons = useQuery(campaignReasonsQuery(id));
  return (
    <>
      {failures.length === 0 ? (
        <Empty>Nothing.</Empty>
      ) : (
        <ul className="plain-list">
          {failures.map(({ name, count }) => (
            <li key={name}>
              <strong>{countedText(count, 'gateway')}</strong>: {name}
            </li>
          ))}
        </ul>
      )}
      <Loaded query={reasons}>
        {({ facets: { reason } }) =>
          reason.length === 0 ? null : (
            <>
              <h3>Reasons, of retries too</h3>
              <DeliveryReasons
                reasons={reason}
                counted={(count) => countedText(count, 'delivery', 'deliveries')}
                again={{ requests }}
                gatewaysOf={(key) => gatewaysOfCampaignReason(id, key, plannedAtOnce)}
              />
            </>
          )
        }
      </Loaded>
    </>
  );
}

function Rollouts({ rollouts }: { readonly rollouts: Campaign['rollouts'] }) {
  if (rollouts.length === 0) return <Empty>None yet.</Empty>;
  return (
    <ul className="plain-list latest">
      {rollouts.map(({ id, phase, work, action, requests, state, createdAt, endedAt }) => (
        <li key={id}>
          <Link href={rolloutHref(id)}>
            {work} {phase}
          </Link>
          : {action} <Requests requests={requests} /> <StateChip state={state} />{' '}
          <span className="quiet">
            <Duration from={createdAt} to={endedAt} />
          </span>
        </li>
      ))}
    </ul>
  );
}

/** What is known of an event, as `name value`; what is not known is left out, as is what is linked. Phases are told as people count them. */
function detailText(detail: Readonly<Record<string, unknown>>): string {
  return Object.entries(detail)
    .filter(([name, value]) => value !== null && name !== 'rolloutId')
    .map(([name, value]) => {
      if (name === 'state') return String(value);
      if (name === 'phase' && typeof value === 'number') return `phase ${value + 1}`;
      return `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`;
    })
    .join(', ');
}

function Events({ campaign: { events } }: { readonly campaign: Campaign }) {
  if (events.length === 0) return <Empty>Nothing yet.</Empty>;
  return (
    <ul className="plain-list history">
      {[...events].reverse().map(({ at, kind, who, why, detail }, index) => (
        <li key={index}>
          <span className="quiet">
            <Instant at={at} />
          </span>{' '}
          {kind}
          {who !== null && (
            <>
              {' '}
              by <Name text={who} />
            </>
          )}
          {why !== null && `: ${printable(why)}`}
          <span className="quiet">
            {' '}
            <Name text={detailText(detail)} />
          </span>{' '}
          {typeof detail['rolloutId'] === 'string' && (
            <Link href={rolloutHref(detail['rolloutId'])}>rollout</Link>
          )}
        </li>
      ))}
    </ul>
  );
}
