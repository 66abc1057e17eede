import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { Input, Label, TextField } from 'react-aria-components';
import { answerOf, api } from '../api/client.js';
import { deploymentsQuery, type Schemas } from '../api/queries.js';
import { useMay } from '../api/whoami.js';
import { Choices } from '../components/choices.js';
import { Ago } from '../components/clock.js';
import type { GridColumn } from '../components/grid.js';
import { ListPage } from '../components/list-page.js';
import { Failure } from '../components/loaded.js';
import { MatchingGateways } from '../components/matching-gateways.js';
import { deploymentHref, Name } from '../components/name.js';
import { PressButton } from '../components/press-button.js';
import { useIdempotencyKey } from '../logic/idempotency-key.js';
import { countedText } from '../logic/numbers.js';

type Deployment = Schemas['Deployment'];

const columns: readonly GridColumn<Deployment>[] = [
  { id: 'name', title: 'Deployment', minWidth: 180, names: true, cell: ({ name }) => <Name text={name} /> },
  {
    id: 'who',
    title: 'Gateways',
    minWidth: 320,
    cell: ({ select, gatewayIds }) =>
      select === null ? countedText(gatewayIds.length, 'gateway') : <Name code text={select} />,
  },
  { id: 'mode', title: 'Mode', minWidth: 90, cell: ({ mode }) => mode },
  { id: 'made', title: 'Made', minWidth: 100, cell: ({ createdAt }) => <Ago at={createdAt} /> },
];

export default function DeploymentsPage() {
  const may = useMay();
  return (
    <ListPage
      title="Deployments"
      label="Deployments by name"
      query={useInfiniteQuery(deploymentsQuery)}
      columns={columns}
      idOf={({ name }) => name}
      hrefOf={({ name }) => deploymentHref(name)}
      empty="No set of gateways has a name yet."
    >
      {may('operator') && <NewDeployment />}
    </ListPage>
  );
}

const modes = ['live', 'frozen'] as const;

function NewDeployment() {
  const queries = useQueryClient();
  const key = useIdempotencyKey();
  const [name, setName] = useState('');
  const [select, setSelect] = useState('');
  const [mode, setMode] = useState<(typeof modes)[number]>('live');
  const make = useMutation({
    mutationFn: () =>
      answerOf(
        api.POST('/api/v1/deployments', {
          body: { name: name.trim(), select: select.trim(), mode },
          params: { header: { 'idempotency-key': key.next() } },
        }),
      ),
    onSuccess: async () => {
      setName('');
      setSelect('');
      await queries.invalidateQueries({ queryKey: ['deployments'] });
    },
    onSettled: () => key.used(),
  });
  function submit(event: SubmitEvent<HTMLFormElement>): void {
    event.preventDefault();
    make.mutate();
  }
  return (
    <form className="card new-form" onSubmit={submit} aria-label="New deployment">
      <TextField className="field" value={name} onChange={setName} isRequired autoComplete="off">
        <Label>Name</Label>
        <Input />
      </TextField>
      <TextField className="field" value={select} onChange={setSelect} isRequired autoComplete="off">
        <Label>Selector</Label>
        <Input spellCheck={false} placeholder={'labels.site == "b1"'} />
      </TextField>
      <MatchingGateways select={select} />
      <Choices
        label="Mode"
        options={modes}
        chosen={mode}
        onChoose={setMode}
        words={(one) => (one === 'live' ? 'live: whoever matches then' : 'frozen: who matches now')}
      />
      {make.error !== null && <Failure error={make.error} />}
      <div className="actions">
        <PressButton type="submit" kind="primary" isBusy={make.isPending}>
          Name this set
        </PressButton>
      </div>
    </form>
  );
}
