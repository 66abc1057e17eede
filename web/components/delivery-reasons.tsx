import { useState } from 'react';
import { useLocation } from 'wouter';
import { answerOf, api } from '../api/client.js';
import type { Schemas } from '../api/queries.js';
import { useMay } from '../api/whoami.js';
import { plannedAtOnce } from '../logic/campaign-rest.js';
import { countedText } from '../logic/numbers.js';
import { planHref } from '../logic/plan-form.js';
import { printable, printableLines, shortened } from '../logic/text.js';
import { Failure } from './loaded.js';
import { GatewayLink, Name } from './name.js';
import { PressButton } from './press-button.js';
import { Printed } from './printed.js';

type Rollout = Pick<Schemas['Rollout'], 'id' | 'requests' | 'allowRemove' | 'allowDowngrade'>;
type Reason = Schemas['DeliveryFacets']['facets']['reason'][number];

interface DeliveryReasonsProps {
  readonly rollout: Rollout;
  readonly reasons: readonly Reason[];
  /** Key of the one whose gateways are shown. */
  readonly chosen: string | null;
  readonly onChoose: (key: string) => void;
}

/** Why deliveries did not end well, one entry a reason, with what differs from gateway to gateway as #. */
export function DeliveryReasons({ rollout, reasons, chosen, onChoose }: DeliveryReasonsProps) {
  const may = useMay();
  return (
    <ul className="plain-list">
      {reasons.map(({ key, class: errorClass, template, count, example }) => (
        <li key={key} className="why tone-bad">
          <p>
            <strong>{countedText(count, 'gateway')}</strong>, <span className="quiet">{errorClass}</span>
          </p>
          <p>{printableLines(template)}</p>
          <p className="quiet">
            Such as <GatewayLink id={example.gatewayId} />
            {example.parameters.length > 0 && (
              <>
                {' '}
                with <Name text={example.parameters.join(', ')} />
              </>
            )}
          </p>
          {example.output !== null && (
            <details>
              <summary>What its script printed last</summary>
              <Printed what="What its script printed last" text={example.output} />
            </details>
          )}
          <div className="actions">
            <button
              type="button"
              className="button plain"
              aria-pressed={key === chosen}
              aria-label={`Show its gateways: ${shortened(printable(template), 80)}`}
              onClick={() => onChoose(key)}
            >
              Show its gateways
            </button>
            {count <= plannedAtOnce && may('operator') && <PlanAgain rollout={rollout} reason={key} />}
          </div>
        </li>
      ))}
    </ul>
  );
}

/** Leads to a plan of the same for the gateways that failed for one reason. */
function PlanAgain({ rollout, reason }: { readonly rollout: Rollout; readonly reason: string }) {
  const { id, requests, allowRemove, allowDowngrade } = rollout;
  const [, navigate] = useLocation();
  const [error, setError] = useState<unknown>(null);
  const plan = async () => {
    try {
      const { items } = await answerOf(
        api.GET('/api/v1/rollouts/{id}/deliveries', {
          params: { path: { id }, query: { reason, limit: String(plannedAtOnce) } },
        }),
      );
      const where = items.map(({ gatewayId }) => gatewayId).join(' ');
      navigate(planHref({ what: requests.join(', '), kind: 'gateways', where, allowRemove, allowDowngrade }));
    } catch (problem) {
      setError(problem);
    }
  };
  return (
    <>
      <PressButton onPress={() => void plan()}>Plan it for them again</PressButton>
      {error !== null && <Failure error={error} />}
    </>
  );
}
