import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { Input, Label, TextField } from 'react-aria-components';
import { grantText } from '../../domain/access/grant.js';
import { roles, type Role } from '../../domain/access/role.js';
import { answerOf, api } from '../api/client.js';
import { contestsQuery, enrolmentsQuery, sessionsQuery, tokensQuery } from '../api/resource-queries.js';
import { useMay } from '../api/whoami.js';
import { Choices } from '../components/choices.js';
import { Ago, Instant } from '../components/clock.js';
import { AskButton } from '../components/dialogs.js';
import { Failure, Loaded } from '../components/loaded.js';
import { GatewayLink, Name } from '../components/name.js';
import { Card, Empty, Page } from '../components/page.js';
import { PlainTable } from '../components/plain-table.js';
import { PressButton } from '../components/press-button.js';
import { SigningKeys } from '../components/signing-keys.js';
import { Webhooks } from '../components/webhooks.js';
import { useIdempotencyKey } from '../logic/idempotency-key.js';
import { numberText } from '../logic/numbers.js';

export default function AccessPage() {
  const may = useMay();
  return (
    <Page title="Access">
      <div className="stack">
        <Card title="Contested gateways">
          <Contests />
        </Card>
        <Card title="Who may sign">
          <SigningKeys />
        </Card>
        {may('operator', 'fleet') && (
          <Card title="Enrolment">
            <Enrolments />
          </Card>
        )}
        {may('admin', 'fleet') ? (
          <>
            <Card title="People who are signed in">
              <Sessions />
            </Card>
            <Card title="Tokens of people and services">
              <Tokens />
              <NewToken />
            </Card>
          </>
        ) : (
          <p className="quiet">Sessions and tokens are shown to administrators of the whole fleet.</p>
        )}
        {may('admin') && (
          <Card title="Webhooks">
            <Webhooks />
          </Card>
        )}
      </div>
    </Page>
  );
}

function Contests() {
  return (
    <Loaded query={useQuery(contestsQuery)}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty>Nobody has tried to register under the id of another.</Empty>
        ) : (
          <PlainTable
            label="Table of contested gateways"
            head={['Gateway', 'Why', 'Key', 'From', 'Times', 'Last']}
            rows={items.map(({ gatewayId, reason, key, address, count, lastAt }) => ({
              key: `${gatewayId} ${reason} ${key} ${address}`,
              cells: [
                <GatewayLink key="id" id={gatewayId} />,
                reason,
                <Name key="key" code text={key} />,
                <Name key="address" text={address} />,
                numberText(count),
                <Ago key="at" at={lastAt} />,
              ],
            }))}
          />
        )
      }
    </Loaded>
  );
}

function Enrolments() {
  const may = useMay();
  return (
    <Loaded query={useQuery(enrolmentsQuery)}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty>
            None. Make one with <code>leonore enrolment create</code>.
          </Empty>
        ) : (
          <PlainTable
            label="Table of enrolments"
            head={['Name', 'For', 'Used', 'Approval', 'Until', '']}
            rows={items.map(({ name, ids, used, most, approval, expiresAt }) => ({
              key: name,
              cells: [
                <Name key="name" text={name} />,
                <Name key="ids" text={ids.join(', ') || 'any id'} />,
                `${numberText(used)}${most === null ? '' : ` of ${numberText(most)}`}`,
                approval,
                expiresAt === null ? 'for good' : <Instant key="until" at={expiresAt} />,
                may('admin', 'fleet') && (
                  <AskButton
                    key="revoke"
                    action="Revoke"
                    kind="danger"
                    title="Revoke this enrolment?"
                    name={name}
                    run={() =>
                      answerOf(api.DELETE('/api/v1/enrolments/{name}', { params: { path: { name } } }))
                    }
                  >
                    <p>Its token is void at once; gateways that enrolled with it stay.</p>
                  </AskButton>
                ),
              ],
            }))}
          />
        )
      }
    </Loaded>
  );
}

function Sessions() {
  return (
    <Loaded query={useQuery(sessionsQuery)}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty>Nobody is signed in by an identity provider.</Empty>
        ) : (
          <PlainTable
            label="Table of sessions"
            head={['Name', 'May', 'By', 'From', 'Last used', 'Until', '']}
            rows={items.map(({ id, name, grants, kind, address, lastUsedAt, expiresAt }) => ({
              key: id,
              cells: [
                <Name key="name" text={name} />,
                <Name key="grants" text={grants.map(grantText).join('; ')} />,
                kind === 'cli' ? 'command line' : 'dashboard',
                <Name key="address" text={address} />,
                <Ago key="used" at={lastUsedAt} />,
                <Instant key="until" at={expiresAt} />,
                <AskButton
                  key="revoke"
                  action="Revoke"
                  kind="danger"
                  title="End this session?"
                  run={() => answerOf(api.DELETE('/api/v1/sessions/{id}', { params: { path: { id } } }))}
                >
                  <p>
                    It is void at once, for streams too that are open. <Name text={name} /> can sign in again
                    as long as the provider and the groups allow it.
                  </p>
                </AskButton>,
              ],
            }))}
          />
        )
      }
    </Loaded>
  );
}

function Tokens() {
  return (
    <Loaded query={useQuery(tokensQuery)}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty>None but those of the configuration.</Empty>
        ) : (
          <PlainTable
            label="Table of tokens"
            head={['Name', 'May', 'Made by', 'Last used', 'Until', '']}
            rows={items.map(({ name, grants, createdBy, lastUsedAt, expiresAt }) => ({
              key: name,
              cells: [
                <Name key="name" text={name} />,
                <Name key="grants" text={grants.map(grantText).join('; ')} />,
                <Name key="by" text={createdBy} />,
                lastUsedAt === null ? 'never' : <Ago key="used" at={lastUsedAt} />,
                expiresAt === null ? 'for good' : <Instant key="until" at={expiresAt} />,
                <AskButton
                  key="revoke"
                  action="Revoke"
                  kind="danger"
                  title="Revoke this token?"
                  name={name}
                  run={() => answerOf(api.DELETE('/api/v1/tokens/{name}', { params: { path: { name } } }))}
                >
                  <p>It is void at once, for streams too that are open.</p>
                </AskButton>,
              ],
            }))}
          />
        )
      }
    </Loaded>
  );
}

function NewToken() {
  const queries = useQueryClient();
  const key = useIdempotencyKey();
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [scope, setScope] = useState('');
  const make = useMutation({
    mutationFn: () =>
      answerOf(
        api.POST('/api/v1/tokens', {
          body: {
            name: name.trim(),
            grants: [{ role, ...(scope.trim() === '' ? {} : { scope: scope.trim() }) }],
          },
          params: { header: { 'idempotency-key': key.next() } },
        }),
      ),
    onSuccess: async () => {
      setName('');
      await queries.invalidateQueries({ queryKey: ['tokens'] });
    },
    onSettled: () => key.used(),
  });
  function submit(event: SubmitEvent<HTMLFormElement>): void {
    event.preventDefault();
    make.mutate();
  }
  return (
    <form className="new-form" onSubmit={submit} aria-label="New token">
      <h3>A new one</h3>
      <TextField className="field" value={name} onChange={setName} isRequired autoComplete="off">
        <Label>Name</Label>
        <Input />
      </TextField>
      <Choices label="Role" options={roles} chosen={role} onChoose={setRole} />
      <TextField className="field" value={scope} onChange={setScope} autoComplete="off">
        <Label>Only where (a selector over labels; empty: the whole fleet)</Label>
        <Input spellCheck={false} placeholder={'labels.site == "b1"'} />
      </TextField>
      {make.error !== null && <Failure error={make.error} />}
      <div role="status">
        {make.data?.secret !== undefined && make.data.secret !== null && (
          <p className="why tone-ok">
            Shown this once: <code>{make.data.secret}</code>
          </p>
        )}
      </div>
      <div className="actions">
        <PressButton type="submit" kind="primary" isBusy={make.isPending}>
          Make a token
        </PressButton>
      </div>
    </form>
  );
}
