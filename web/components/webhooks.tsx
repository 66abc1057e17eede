import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { components } from '../../client/openapi.js';
import { answerOf, api } from '../api/client.js';
import { webhookDeliveriesQuery, webhooksQuery } from '../api/resource-queries.js';
import { numberText } from '../logic/numbers.js';
import { Ago } from './clock.js';
import { AskButton } from './dialogs.js';
import { Failure, Loaded } from './loaded.js';
import { Name } from './name.js';
import { Empty } from './page.js';
import { PlainTable } from './plain-table.js';
import { PressButton } from './press-button.js';
import { StateChip } from './state-chip.js';

type Webhook = components['schemas']['Webhook'];

/** Who is told of what happens, how that goes, and what could not be told. */
export function Webhooks() {
  return (
    <Loaded query={useQuery(webhooksQuery)}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty>
            None. Make one with <code>leonore webhook create</code>.
          </Empty>
        ) : (
          <>
            <PlainTable
              label="Table of webhooks"
              head={['Name', 'Sent to', 'Stands', 'Waiting', 'Given up', 'Dropped', '']}
              rows={items.map((webhook) => ({
                key: webhook.name,
                cells: [
                  <Name key="name" text={webhook.name} />,
                  <Name key="url" code text={webhook.url} />,
                  <Standing key="stands" webhook={webhook} />,
                  numberText(webhook.waiting),
                  numberText(webhook.dead),
                  numberText(webhook.dropped),
                  <Verbs key="verbs" webhook={webhook} />,
                ],
              }))}
            />
            {items.map(({ name }) => (
              <Deliveries key={name} name={name} />
            ))}
          </>
        )
      }
    </Loaded>
  );
}

function Standing({ webhook: { failures, restsUntil, goneAt } }: { readonly webhook: Webhook }) {
  if (goneAt !== null) return <StateChip state="gone" note="it answered 410" />;
  if (failures === 0) return <StateChip state="well" />;
  return <StateChip state="failing" note={`${failures} in a row${restsUntil === null ? '' : ', rests'}`} />;
}

function Verbs({ webhook: { name, dead } }: { readonly webhook: Webhook }) {
  const queries = useQueryClient();
  const path = { path: { name } };
  const looked = { onSuccess: () => queries.invalidateQueries({ queryKey: ['webhooks'] }) };
  const test = useMutation({
    mutationFn: () => answerOf(api.POST('/api/v1/webhooks/{name}/test', { params: path })),
    ...looked,
  });
  const retry = useMutation({
    mutationFn: () => answerOf(api.POST('/api/v1/webhooks/{name}/retry', { params: path, body: {} })),
    ...looked,
  });
  const error = test.error ?? retry.error;
  return (
    <div className="actions">
      <PressButton label={`Test ${name}`} isBusy={test.isPending} onPress={() => test.mutate()}>
        Test
      </PressButton>
      {dead > 0 && (
        <PressButton
          label={`Try anew what ${name} was not told`}
          isBusy={retry.isPending}
          onPress={() => retry.mutate()}
        >
          Try anew
        </PressButton>
      )}
      <AskButton
        action="Remove"
        kind="danger"
        title="Remove this webhook?"
        name={name}
        run={() => answerOf(api.DELETE('/api/v1/webhooks/{name}', { params: path }))}
      >
        <p>It is told nothing any more, nor what waits for it.</p>
      </AskButton>
      {error !== null && <Failure error={error} />}
    </div>
  );
}

function Deliveries({ name }: { readonly name: string }) {
  return (
    <section aria-label={`Last deliveries to ${name}`}>
      <h3>
        Last deliveries to <Name text={name} />
      </h3>
      <Loaded query={useQuery(webhookDeliveriesQuery(name))}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty>Nothing has happened since.</Empty>
          ) : (
            <PlainTable
              label={`Table of deliveries to ${name}`}
              head={['What', 'When', 'State', 'Tried', 'Problem']}
              rows={items.map(({ id, type, occurredAt, state, attempts, problem }) => ({
                key: id,
                cells: [
                  type,
                  <Ago key="at" at={occurredAt} />,
                  <StateChip key="state" state={state} />,
                  numberText(attempts),
                  problem === null ? '' : <Name key="problem" text={problem} />,
                ],
              }))}
            />
          )
        }
      </Loaded>
    </section>
  );
}
