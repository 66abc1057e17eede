import { useState } from 'react';
import { useLocation } from 'wouter';
import type { Schemas } from '../api/queries.js';
import { useMay } from '../api/whoami.js';
import { plannedAtOnce } from '../logic/campaign-rest.js';
import { planHref } from '../logic/plan-form.js';
import { printable, printableLines, shortened } from '../logic/text.js';
import { Failure } from './loaded.js';
import { GatewayLink, Name } from './name.js';
import { PressButton } from './press-button.js';
import { Printed } from './printed.js';

type Reason = Schemas['DeliveryFacets']['facets']['reason'][number];
/** What was asked for, to be planned again. */
type Asked = Pick<Schemas['Rollout'], 'requests'> &
  Partial<Pick<Schemas['Rollout'], 'allowRemove' | 'allowDowngrade'>>;

interface DeliveryReasonsProps {
  readonly reasons: readonly Reason[];
  /** How many there are of one, in words. */
  readonly counted: (count: number) => string;
  /** For a page that shows the gateways of one, by its key. */
  readonly chooser?: { readonly chosen: string | null; readonly choose: (key: string) => void };
  readonly again: Asked;
  /** Those that failed for a reason, when they are few enough to be planned one by one. */
  readonly gatewaysOf: (key: string) => Promise<string[]>;
}

/** Why deliveries did not end well, one entry a reason, with what differs from gateway to gateway as #. */
export function DeliveryReasons({ reasons, counted, chooser, again, gatewaysOf }: DeliveryReasonsProps) {
  const may = useMay();
  return (
    <ul className="plain-list">
      {reasons.map(({ key, class: errorClass, template, count, example }) => (
        <li key={key} className="why tone-bad">
          <p>
            <strong>{counted(count)}</strong>, <span className="quiet">{errorClass}</span>
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
            {chooser !== undefined && (
              <button
                type="button"
                className="button plain"
                aria-pressed={key === chooser.chosen}
                aria-label={`Show its gateways: ${shortened(printable(template), 80)}`}
                onClick={() => chooser.choose(key)}
              >
                Show its gateways
              </button>
            )}
            {count <= plannedAtOnce && may('operator') && (
              <PlanAgain asked={again} gateways={() => gatewaysOf(key)} />
            )}
          </div>
        </li>
      ))}
    </ul>
  );
}

interface PlanAgainProps {
  readonly asked: Asked;
  readonly gateways: () => Promise<string[]>;
}

/** Leads to a plan of the same for the gateways that failed for one reason. */
function PlanAgain({ asked: { requests, ...allowed }, gateways }: PlanAgainProps) {
  const [, navigate] = useLocation();
  const [error, setError] = useState<unknown>(null);
  const { allowRemove = false, allowDowngrade = false } = allowed;
  const plan = async () => {
    try {
      const where = [...new Set(await gateways())].join(' ');
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
