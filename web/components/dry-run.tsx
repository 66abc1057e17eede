import { bytesText } from '../../domain/units.js';
import type { Schemas } from '../api/queries.js';
import { helpsOf, packagesOf, servedGroups, whyNotOf, type WhyNot } from '../logic/dry-run.js';
import { countedText } from '../logic/numbers.js';
import type { PlanForm } from '../logic/plan-form.js';
import { printable, printableLines } from '../logic/text.js';
import { GatewayLink, Name } from './name.js';
import { NumberCard } from './number-card.js';
import { Card, Empty } from './page.js';
import { Names, PlanView } from './plan-view.js';
import { PressButton } from './press-button.js';

type Answer = Schemas['PlanAnswer'];
type Group = Answer['groups'][number];

interface DryRunProps {
  readonly answer: Answer;
  readonly form: PlanForm;
  readonly onChange: (part: Partial<PlanForm>) => void;
}

/** What would be done, for which gateways, and why not. */
export function DryRun({ answer, form, onChange }: DryRunProps) {
  const { gateways, incompatible, undecided, lackingValues, downloadBytes } = answer;
  const served = servedGroups(answer);
  const reasons = whyNotOf(answer);
  return (
    <div className="stack">
      <div className="numbers">
        <NumberCard
          value={gateways - incompatible - undecided}
          what="can be served,"
          more={`by ${countedText(packagesOf(served), 'package')} in ${countedText(served.length, 'group')}`}
          tone="ok"
        />
        <NumberCard
          value={incompatible + undecided}
          what="cannot be,"
          more={`for ${countedText(reasons.length, 'reason')}`}
          tone="unfit"
        />
        <NumberCard value={lackingValues} what="lack a value" tone={lackingValues === 0 ? 'wait' : 'lost'} />
        <NumberCard value={bytesText(downloadBytes)} what="fetched in all" />
      </div>
      <div className="two">
        <Card title="Groups that share a package">
          {served.length === 0 ? (
            <Empty>No gateway can be served.</Empty>
          ) : (
            <ul className="plain-list">
              {served.map((group, index) => (
                <li key={`${group.sample.join(' ')} ${index}`} className="group">
                  <ServedGroup group={group} isOpen={index === 0} />
                </li>
              ))}
            </ul>
          )}
        </Card>
        <Card title="Why not">
          {reasons.length === 0 ? (
            <Empty>All gateways can be served.</Empty>
          ) : (
            reasons.map((why) => <Reason key={why.text} why={why} form={form} onChange={onChange} />)
          )}
        </Card>
      </div>
    </div>
  );
}

interface ReasonProps {
  readonly why: WhyNot;
  readonly form: PlanForm;
  readonly onChange: (part: Partial<PlanForm>) => void;
}

function Reason({ why, form, onChange }: ReasonProps) {
  const { text, gateways, sample, undecided } = why;
  return (
    <div className="why tone-unfit">
      <p>
        <strong>{countedText(gateways, 'gateway')}</strong>
        {undecided && ', of which nobody knows yet'}
      </p>
      <p>{printableLines(text)}</p>
      <p className="quiet">
        <Sample gateways={gateways} sample={sample} />
      </p>
      {helpsOf(why, form).map(({ action, change }) => (
        <PressButton key={action} onPress={() => onChange(change)}>
          {printable(action)}
        </PressButton>
      ))}
    </div>
  );
}

function ServedGroup({ group, isOpen }: { readonly group: Group; readonly isOpen: boolean }) {
  const { gateways, sample, plans, configured, lacking, risks } = group;
  const [first] = plans;
  if (first === undefined) return null;
  return (
    <details open={isOpen}>
      <summary>
        <strong>{countedText(gateways, 'gateway')}</strong> <span className="chip">{packageWord(group)}</span>{' '}
        <span className="quiet">
          {first.install.length === 0 ? 'nothing to install' : <Names names={first.install} />}
          {group.package !== null && `, ${bytesText(group.package.bytes)} each`}
          {first.remove.length > 0 && (
            <span className="removed">
              {' '}
              − <Names names={first.remove} />
            </span>
          )}
          {plans.length > 1 && `, ${countedText(plans.length - 1, 'further plan')} if the build fails`}
        </span>
      </summary>
      <p className="quiet">
        <Sample gateways={gateways} sample={sample} />
      </p>
      {configured.gateways > 0 && (
        <p>{countedText(configured.gateways, 'gateway')} only configured anew, without a package.</p>
      )}
      {lacking.map(({ keys, gateways: count, sample: some }) => (
        <p key={keys} className="why tone-lost">
          {countedText(count, 'gateway')} without a value for <Name code text={keys} />:{' '}
          <Sample gateways={count} sample={some} />
        </p>
      ))}
      {risks.map(({ kind, what, gateways: count, sample: some }) => (
        <p key={`${kind} ${what}`} className="why tone-lost">
          Risk, {kind}: {printable(what)}: <Sample gateways={count} sample={some} />
        </p>
      ))}
      {plans.map((plan, index) => (
        <section key={index} aria-label={`Plan ${index + 1}`}>
          <h3>
            Plan {index + 1} of {plans.length}
          </h3>
          <PlanView plan={plan} />
        </section>
      ))}
    </details>
  );
}

function packageWord({ package: packed }: Group): string {
  if (packed === null) return 'no package';
  return packed.there ? 'package is there' : 'to be built';
}

function Sample({ gateways, sample }: { readonly gateways: number; readonly sample: readonly string[] }) {
  return (
    <>
      {sample.map((id, index) => (
        <span key={id}>
          {index === 0 ? '' : ', '}
          <GatewayLink id={id} />
        </span>
      ))}
      {gateways > sample.length && ', …'}
    </>
  );
}
