import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { bytesText, secondsText } from '../../domain/units.js';
import { answerOf, api } from '../api/client.js';
import {
  gatewayDeliveriesQuery,
  gatewayHistoryQuery,
  gatewayQuery,
  gatewayValuesQuery,
  type Schemas,
} from '../api/queries.js';
import { useMay } from '../api/whoami.js';
import { Ago, Instant } from '../components/clock.js';
import { AskButton } from '../components/dialogs.js';
import { Loaded } from '../components/loaded.js';
import { Name, packageHref, Requests, rolloutHref } from '../components/name.js';
import { Card, Empty, Page } from '../components/page.js';
import { StateChip } from '../components/state-chip.js';
import { GatewayApplications } from '../components/gateway-applications.js';
import { countedText, shareText } from '../logic/numbers.js';
import { printableLines } from '../logic/text.js';

type Gateway = Schemas['GatewayDetail'];

export default function GatewayPage({ id }: { readonly id: string }) {
  const gateway = useQuery(gatewayQuery(id));
  const { data } = gateway;
  return (
    <Page
      title={id}
      crumbs={[{ text: 'Gateways', href: '/gateways' }]}
      beside={data?.conditions.map((condition) => (
        <StateChip key={condition} state={condition} />
      ))}
      actions={data !== undefined && <GatewayActions gateway={data} />}
    >
      <Loaded query={gateway}>{(shown) => <GatewayView gateway={shown} />}</Loaded>
    </Page>
  );
}

function GatewayActions({ gateway: { id, state } }: { readonly gateway: Gateway }) {
  const may = useMay();
  const params = { path: { id } };
  return (
    <>
      {state === 'pending' && may('operator') && (
        <AskButton
          action="Let in"
          title="Let this gateway in?"
          kind="primary"
          run={() => answerOf(api.POST('/api/v1/gateways/{id}/approval', { params }))}
        >
          <p>It is given a node, and can be provisioned.</p>
        </AskButton>
      )}
      {state === 'active' && may('operator') && (
        <AskButton
          action="Ask for its profile"
          title="Ask for a fresh profile?"
          run={() => answerOf(api.POST('/api/v1/gateways/{id}/profile-request', { params }))}
        >
          <p>It sends one at its next contact.</p>
        </AskButton>
      )}
      {state !== 'decommissioned' && may('admin') && (
        <AskButton
          action="Decommission"
          title="Take this gateway out of service?"
          kind="danger"
          name={id}
          run={() => answerOf(api.DELETE('/api/v1/gateways/{id}', { params }))}
        >
          <p>Its token is void at once, and its id is refused until somebody readmits it.</p>
        </AskButton>
      )}
      {state === 'decommissioned' && may('admin') && (
        <AskButton
          action="Readmit"
          title="Let this id be enrolled anew?"
          run={() => answerOf(api.POST('/api/v1/gateways/{id}/readmission', { params, body: {} }))}
        >
          <p>Its key and token are forgotten; labels and values stay.</p>
        </AskButton>
      )}
    </>
  );
}

function GatewayView({ gateway }: { readonly gateway: Gateway }) {
  const { id, troubles } = gateway;
  return (
    <div className="stack">
      {troubles.length > 0 && (
        <Card title="What is not as it should be">
          <ul className="plain-list">
            {troubles.map((trouble) => (
              <li key={trouble} className="why tone-bad">
                {printableLines(trouble)}
              </li>
            ))}
          </ul>
        </Card>
      )}
      <div className="two">
        <div className="stack">
          <Card title="Applications">
            <GatewayApplications gateway={gateway} />
          </Card>
          <Card title="Rollouts and orders">
            <GatewayDeliveries id={id} />
          </Card>
          <Card title="Values">
            <GatewayValues id={id} />
          </Card>
        </div>
        <div className="stack">
          <Card title="Gateway">
            <GatewayFacts gateway={gateway} />
          </Card>
          <Card title="History">
            <GatewayHistory id={id} />
          </Card>
        </div>
      </div>
    </div>
  );
}

function GatewayFacts({ gateway }: { readonly gateway: Gateway }) {
  const { profile, labels, operatorLabels } = gateway;
  const { hardware, software } = profile;
  const facts: readonly (readonly [string, ReactNode])[] = [
    ['Heard of', <Ago key="" at={gateway.lastSeenAt} />],
    ['Registered', <Instant key="" at={gateway.registeredAt} />],
    ['From', <Name key="" text={gateway.registeredFrom ?? 'not known'} />],
    ['Node', <Name key="" text={gateway.nodeId ?? 'none'} />],
    [
      'Channel',
      <span key="">
        <Name text={`${gateway.protocol} ${gateway.strategy}`} />
        <br />
        <span className="quiet">{gateway.channelReason}</span>
      </span>,
    ],
    ['Polls every', secondsText(gateway.pollSeconds)],
    ['Agent', <Name key="" text={gateway.agentVersion ?? 'not known'} />],
    ['Key', <Name key="" code text={gateway.key ?? 'none'} />],
    ['Platform', <Name key="" text={`${hardware.arch}, ${software.os} ${software.kernel ?? ''}`} />],
    ['C library', <Name key="" text={software.libc ?? 'not known'} />],
    ['Memory', spaceText(hardware.memoryFree, hardware.memoryTotal)],
    ['Flash', spaceText(hardware.diskFree, hardware.diskTotal)],
    ['Isolation', profile.state?.isolation ?? 'not known'],
    ['Tools', <Components key="" items={software.tools} />],
    ['Components', <Components key="" items={hardware.components} />],
  ];
  return (
    <>
      <dl className="facts">
        {facts.map(([name, value]) => (
          <div key={name} className="fact">
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <h3>Labels</h3>
      {Object.keys(labels).length === 0 ? (
        <Empty>None.</Empty>
      ) : (
        <ul className="chips">
          {Object.entries(labels).map(([key, value]) => (
            <li key={key} className="chip">
              <Name text={`${key}=${value}`} />
              {!Object.hasOwn(operatorLabels, key) && <span className="quiet"> as it says itself</span>}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function spaceText(free: number | undefined, total: number | undefined): string {
  if (free === undefined) return 'not known';
  if (total === undefined || total === 0) return `${bytesText(free)} free`;
  return `${bytesText(free)} free of ${bytesText(total)} (${shareText(free / total)})`;
}

function Components({ items }: { readonly items: readonly { name: string; version: string }[] | undefined }) {
  return <Name text={(items ?? []).map(({ name, version }) => `${name} ${version}`).join(', ') || 'none'} />;
}

function GatewayDeliveries({ id }: { readonly id: string }) {
  const deliveries = useQuery(gatewayDeliveriesQuery(id));
  return (
    <Loaded query={deliveries}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty>It has had no part in any yet.</Empty>
        ) : (
          <ul className="plain-list">
            {items.map((delivery) => (
              <li key={`${delivery.rollout} ${delivery.action}`} className="group">
                <GatewayDeliveryView delivery={delivery} />
              </li>
            ))}
          </ul>
        )
      }
    </Loaded>
  );
}

function GatewayDeliveryView({ delivery }: { readonly delivery: Schemas['GatewayDelivery'] }) {
  const { rollout, action, requests, artifact, createdBy, state, failure, createdAt, history, packageId } =
    delivery;
  return (
    <details>
      <summary>
        <StateChip state={state} /> {action}{' '}
        <strong>
          {requests.length > 0 ? <Requests requests={requests} /> : <Name text={artifact ?? ''} />}
        </strong>{' '}
        <span className="quiet">
          <Ago at={createdAt} /> by <Name text={createdBy ?? 'LEONORE'} />
        </span>
        {failure !== null && <p className="why tone-bad">{printableLines(failure)}</p>}
      </summary>
      <ul className="plain-list">
        {history.map(({ at, what }, index) => (
          <li key={index}>
            <span className="quiet">
              <Instant at={at} />
            </span>{' '}
            {printableLines(what)}
          </li>
        ))}
      </ul>
      {requests.length > 0 && <Link href={rolloutHref(rollout)}>The whole rollout</Link>}
      {packageId !== null && (
        <>
          {', '}
          <Link href={packageHref(packageId)}>the package that it was brought</Link>
        </>
      )}
    </details>
  );
}

function GatewayValues({ id }: { readonly id: string }) {
  const values = useQuery(gatewayValuesQuery(id));
  return (
    <Loaded query={values}>
      {({ items, pending, undeclared }) => (
        <>
          {items.length === 0 ? (
            <Empty>None are set for it.</Empty>
          ) : (
            <div className="scroll" tabIndex={0} role="region" aria-label="Table of values">
              <table className="plain">
                <thead>
                  <tr>
                    <th scope="col">Key</th>
                    <th scope="col">Value</th>
                    <th scope="col">From</th>
                  </tr>
                </thead>
                <tbody>
                  {items.map(({ key, value, secret, level, select }) => (
                    <tr key={key}>
                      <th scope="row">
                        <Name code text={key} />
                      </th>
                      <td>
                        {secret ? <span className="quiet">secret, set</span> : <Name text={value ?? ''} />}
                      </td>
                      <td>
                        {level === 'gateway' ? (
                          'this gateway'
                        ) : level === 'fleet' ? (
                          'the fleet'
                        ) : (
                          <Name code text={select ?? ''} />
                        )}
                        {undeclared.includes(key) && <span className="quiet">, no artifact declares it</span>}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
          {pending.map(({ artifact, since, attempts, problem }) => (
            <p key={artifact} className="why tone-lost">
              <Name text={artifact} /> is still to be configured, since <Ago at={since} />
              {attempts > 0 && `, tried ${countedText(attempts, 'time')}`}
              {problem !== null && `: ${printableLines(problem)}`}
            </p>
          ))}
        </>
      )}
    </Loaded>
  );
}

function GatewayHistory({ id }: { readonly id: string }) {
  const history = useQuery(gatewayHistoryQuery(id));
  return (
    <Loaded query={history}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty>Nothing is known.</Empty>
        ) : (
          <ul className="plain-list history">
            {[...items].reverse().map(({ at, what, rollout, by }, index) => (
              <li key={index}>
                <span className="quiet">
                  <Instant at={at} />
                </span>{' '}
                {printableLines(what)}
                {by !== null && (
                  <span className="quiet">
                    {' '}
                    by <Name text={by} />
                  </span>
                )}{' '}
                {rollout !== null && <Link href={rolloutHref(rollout)}>rollout</Link>}
              </li>
            ))}
          </ul>
        )
      }
    </Loaded>
  );
}
