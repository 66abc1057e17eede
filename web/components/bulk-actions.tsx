import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Input, Label, TextField } from 'react-aria-components';
import { Link } from 'wouter';
import { answerOf, api } from '../api/client.js';
import { orderPreviewQuery, type OrderAction } from '../api/resource-queries.js';
import { plannedAtOnce } from '../logic/campaign-rest.js';
import { useIdempotencyKey } from '../logic/idempotency-key.js';
import { countedText } from '../logic/numbers.js';
import { planHref } from '../logic/plan-form.js';
import { Choices } from './choices.js';
import { AskButton } from './dialogs.js';
import { Loaded } from './loaded.js';
import { Name } from './name.js';
import { PressButton } from './press-button.js';

interface BulkActionsProps {
  /** Those that are chosen, at least one. */
  readonly ids: readonly string[];
  readonly onClear: () => void;
}

const actions = ['stop', 'start', 'uninstall'] as const satisfies readonly OrderAction[];

/** What can be done with several gateways at a time. */
export function BulkActions({ ids, onClear }: BulkActionsProps) {
  return (
    <div className="filters" role="group" aria-label="The chosen gateways">
      <strong role="status">{countedText(ids.length, 'gateway')} chosen</strong>
      {ids.length <= plannedAtOnce ? (
        <Link className="button link-button" href={planHref({ kind: 'gateways', where: ids.join(' ') })}>
          Plan something for them
        </Link>
      ) : (
        <span className="quiet">More than {plannedAtOnce} are planned for by a selector.</span>
      )}
      <Order ids={ids} onDone={onClear} />
      <PressButton kind="bare" onPress={onClear}>
        Choose none
      </PressButton>
    </div>
  );
}

function Order({ ids, onDone }: { readonly ids: readonly string[]; readonly onDone: () => void }) {
  const [action, setAction] = useState<(typeof actions)[number]>('stop');
  const [typed, setTyped] = useState('');
  const artifact = typed.trim();
  const key = useIdempotencyKey();
  const give = async () => {
    await answerOf(
      api.POST('/api/v1/orders', {
        body: { action, artifact, gatewayIds: [...ids] },
        params: { header: { 'idempotency-key': key.next() } },
      }),
    );
    key.used();
    onDone();
  };
  return (
    <AskButton
      action="Order"
      title={`Order something of ${countedText(ids.length, 'gateway')}`}
      kind={action === 'uninstall' ? 'danger' : 'plain'}
      {...(action === 'uninstall' && artifact !== '' ? { name: artifact } : {})}
      run={give}
    >
      <Choices label="What" options={actions} chosen={action} onChoose={setAction} />
      <TextField className="field" value={typed} onChange={setTyped} maxLength={100} autoComplete="off">
        <Label>Artifact, by name without a version</Label>
        <Input />
      </TextField>
      {artifact !== '' && <Preview {...{ action, artifact, ids }} />}
    </AskButton>
  );
}

interface PreviewProps {
  readonly action: OrderAction;
  readonly artifact: string;
  readonly ids: readonly string[];
}

/** Whom it would touch, before it is given. */
function Preview({ action, artifact, ids }: PreviewProps) {
  const preview = useQuery(orderPreviewQuery(action, artifact, ids));
  return (
    <Loaded query={preview}>
      {({ gateways, also }) => (
        <>
          <p>
            <strong>{countedText(gateways, 'gateway')}</strong> of {ids.length}{' '}
            {gateways === 1 ? 'has it and gets' : 'have it and get'} the order at the next contact.
          </p>
          {Object.entries(also).map(([name, count]) => (
            <p key={name} className="removed">
              − <Name text={name} /> goes with it on {countedText(count, 'gateway')}: nothing else needs it.
            </p>
          ))}
        </>
      )}
    </Loaded>
  );
}
