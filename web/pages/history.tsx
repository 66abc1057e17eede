import { useInfiniteQuery } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { Input, Label, SearchField } from 'react-aria-components';
import { useSearchParams } from 'wouter';
import type { Schemas } from '../api/queries.js';
import { auditQuery, type AuditFilter } from '../api/resource-queries.js';
import { useMay } from '../api/whoami.js';
import { Instant } from '../components/clock.js';
import type { GridColumn } from '../components/grid.js';
import { ListPage } from '../components/list-page.js';
import { Name } from '../components/name.js';
import { Card, Page } from '../components/page.js';
import { PressButton } from '../components/press-button.js';

type Entry = Schemas['AuditEntry'];

const columns: readonly GridColumn<Entry>[] = [
  { id: 'at', title: 'When', minWidth: 180, cell: ({ at }) => <Instant at={at} /> },
  { id: 'who', title: 'Who', minWidth: 140, names: true, cell: ({ principal }) => <Name text={principal} /> },
  { id: 'action', title: 'Did', minWidth: 160, cell: ({ action }) => <Name text={action} /> },
  { id: 'subject', title: 'To', minWidth: 200, cell: ({ subject }) => <Name text={subject} /> },
  {
    id: 'outcome',
    title: 'Came to',
    minWidth: 160,
    cell: ({ outcome }) => <Name text={outcomeText(outcome)} />,
  },
  { id: 'from', title: 'From', minWidth: 110, cell: ({ address }) => <Name text={address} /> },
];

function outcomeText(outcome: Entry['outcome']): string {
  if (outcome === null) return 'not known yet';
  const { status, code, made } = outcome;
  return [status < 400 ? 'done' : `refused (${status})`, code ?? '', made ?? '']
    .filter((part) => part !== '')
    .join(' ');
}

const fields = [
  { name: 'principal', label: 'Who' },
  { name: 'action', label: 'Did' },
  { name: 'subject', label: 'To' },
] as const satisfies readonly { name: keyof AuditFilter; label: string }[];

export default function HistoryPage() {
  const may = useMay();
  if (!may('admin', 'fleet'))
    return (
      <Page title="History">
        <Card title="Not for this role">
          <p>Who changed what is shown to administrators of the whole fleet.</p>
        </Card>
      </Page>
    );
  return <Audit />;
}

function Audit() {
  const [parameters, setParameters] = useSearchParams();
  const filter: AuditFilter = {};
  for (const { name } of fields) {
    const value = parameters.get(name);
    if (value !== null && value !== '') filter[name] = value;
  }
  return (
    <ListPage
      title="History"
      label="What was changed, the latest first"
      query={useInfiniteQuery(auditQuery(filter))}
      columns={columns}
      idOf={({ id }) => id}
      empty="Nothing was changed like that."
    >
      <Filters
        key={parameters.toString()}
        filter={filter}
        onAsk={(next) =>
          setParameters(new URLSearchParams(Object.entries(next).filter(([, value]) => value !== '')))
        }
      />
    </ListPage>
  );
}

interface FiltersProps {
  readonly filter: AuditFilter;
  readonly onAsk: (filter: Record<string, string>) => void;
}

function Filters({ filter, onAsk }: FiltersProps) {
  const [shown, setShown] = useState<Record<string, string>>({ ...filter });
  function submit(event: SubmitEvent<HTMLFormElement>): void {
    event.preventDefault();
    onAsk(shown);
  }
  return (
    <form className="filters" role="search" aria-label="History" onSubmit={submit}>
      {fields.map(({ name, label }) => (
        <SearchField
          key={name}
          className="field"
          value={shown[name] ?? ''}
          onChange={(value) => setShown({ ...shown, [name]: value })}
          maxLength={200}
        >
          <Label>{label}</Label>
          <Input />
        </SearchField>
      ))}
      <PressButton type="submit">Search</PressButton>
    </form>
  );
}
