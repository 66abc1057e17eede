import { secondsText } from '../../domain/units.js';
import { answerOf, api } from '../api/client.js';
import type { Schemas } from '../api/queries.js';
import { useMay } from '../api/whoami.js';
import { countedText } from '../logic/numbers.js';
import { useIdempotencyKey } from '../logic/idempotency-key.js';
import { printable } from '../logic/text.js';
import { Ago } from './clock.js';
import { AskButton } from './dialogs.js';
import { Name } from './name.js';
import { Empty } from './page.js';

type Gateway = Schemas['GatewayDetail'];
type Application = NonNullable<Gateway['profile']['state']>['applications'][number];

/** What is installed on a gateway, whether it runs, and what can be ordered of it. */
export function GatewayApplications({ gateway }: { readonly gateway: Gateway }) {
  const { installed = [], state } = gateway.profile;
  if (installed.length === 0) return <Empty>Nothing is installed.</Empty>;
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="Table of applications">
      <table className="plain">
        <thead>
          <tr>
            <th scope="col">Artifact</th>
            <th scope="col">Since</th>
            <th scope="col">Runs</th>
            <th scope="col">Orders</th>
          </tr>
        </thead>
        <tbody>
          {installed.map(({ name, version, requested }) => {
            const application = state?.applications.find((one) => one.name === name);
            const since = gateway.installedSince[name];
            return (
              <tr key={name}>
                <th scope="row">
                  <Name text={`${name} ${version}`} />
                  {requested === true && <span className="quiet"> asked for</span>}
                  {state?.damaged.includes(name) === true && <span className="problem"> damaged</span>}
                </th>
                <td>{since === undefined ? '–' : <Ago at={since} />}</td>
                <td>
                  {application === undefined ? (
                    <span className="quiet">no process</span>
                  ) : (
                    <Runs {...application} />
                  )}
                </td>
                <td>
                  <Orders gatewayId={gateway.id} artifact={name} application={application} />
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Runs({ up, restarts, lastExit, check, sinceSeconds }: Application) {
  return (
    <>
      <span className={`chip tone-${up ? (check === undefined ? 'ok' : 'bad') : 'bad'}`}>
        <span className="dot" aria-hidden="true" />
        {up ? (check === undefined ? 'up' : 'up, not well') : 'not up'}
      </span>{' '}
      <span className="quiet">
        {[
          sinceSeconds === undefined ? '' : `for ${secondsText(sinceSeconds)}`,
          restarts === 0 ? '' : countedText(restarts, 'restart'),
          lastExit === undefined ? '' : `ended last with ${printable(lastExit)}`,
          check === undefined ? '' : `check: ${printable(check)}`,
        ]
          .filter((part) => part !== '')
          .join(', ')}
      </span>
    </>
  );
}

interface OrdersProps {
  readonly gatewayId: string;
  readonly artifact: string;
  readonly application: Application | undefined;
}

function Orders({ gatewayId, artifact, application }: OrdersProps) {
  const may = useMay();
  const key = useIdempotencyKey();
  if (!may('operator')) return <span className="quiet">–</span>;
  const give = (action: 'uninstall' | 'start' | 'stop') => async () => {
    await answerOf(
      api.POST('/api/v1/orders', {
        body: { action, artifact, gatewayIds: [gatewayId] },
        params: { header: { 'idempotency-key': key.next() } },
      }),
    );
    key.used();
  };
  return (
    <div className="actions">
      {application !== undefined && (
        <AskButton
          action={application.up ? 'Stop' : 'Start'}
          title={`${application.up ? 'Stop' : 'Start'} ${printable(artifact)}?`}
          run={give(application.up ? 'stop' : 'start')}
        >
          <p>The gateway is told at its next contact.</p>
        </AskButton>
      )}
      <AskButton
        action="Uninstall"
        kind="danger"
        title={`Uninstall ${printable(artifact)} from this gateway?`}
        name={artifact}
        run={give('uninstall')}
      >
        <p>Dependencies that nothing else needs go with it; its data goes too.</p>
      </AskButton>
    </div>
  );
}
