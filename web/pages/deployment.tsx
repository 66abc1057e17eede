import { useQuery } from '@tanstack/react-query';
import { Link, useLocation } from 'wouter';
import { answerOf, api } from '../api/client.js';
import { deploymentQuery } from '../api/resource-queries.js';
import { useMay } from '../api/whoami.js';
import { Instant } from '../components/clock.js';
import { AskButton } from '../components/dialogs.js';
import { Loaded } from '../components/loaded.js';
import { MatchingGateways } from '../components/matching-gateways.js';
import { GatewayLink, Name } from '../components/name.js';
import { Card, Page } from '../components/page.js';
import { gatewaysHref } from '../logic/gateway-address.js';
import { countedText, numberText } from '../logic/numbers.js';
import { planHref } from '../logic/plan-form.js';

/** Of a list, those that are named at once. */
const named = 200;

export default function DeploymentPage({ name }: { readonly name: string }) {
  const deployment = useQuery(deploymentQuery(name));
  const may = useMay();
  const [, navigate] = useLocation();
  return (
    <Page
      title={name}
      crumbs={[{ text: 'Deployments', href: '/deployments' }]}
      actions={
        deployment.data !== undefined && (
          <>
            <Link className="button primary link-button" href={planHref({ kind: 'deployment', where: name })}>
              Plan for it
            </Link>
            {may('operator') && (
              <AskButton
                action="Remove"
                kind="danger"
                title="Forget this name?"
                name={name}
                run={async () => {
                  await answerOf(api.DELETE('/api/v1/deployments/{name}', { params: { path: { name } } }));
                  navigate('/deployments');
                }}
              >
                <p>The gateways stay as they are. Refused while something needs the name.</p>
              </AskButton>
            )}
          </>
        )
      }
    >
      <Loaded query={deployment}>
        {({ gateways, select, mode, gatewayIds, createdAt }) => (
          <Card title="Gateways">
            <p>
              <strong>{countedText(gateways, 'gateway')}</strong> now, {mode}; made <Instant at={createdAt} />
              .
            </p>
            {select === null ? (
              <p>
                {gatewayIds.slice(0, named).map((id, index) => (
                  <span key={id}>
                    {index === 0 ? '' : ', '}
                    <GatewayLink id={id} />
                  </span>
                ))}
                {gatewayIds.length > named && ` and ${numberText(gatewayIds.length - named)} more`}
              </p>
            ) : (
              <>
                <p>
                  <Name code text={select} />
                </p>
                <MatchingGateways select={select} />
                <Link href={gatewaysHref({ select })}>See them</Link>
              </>
            )}
          </Card>
        )}
      </Loaded>
    </Page>
  );
}
