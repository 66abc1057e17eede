import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { memo, useCallback, useDeferredValue, useMemo, useState } from 'react';
import { Input, Label, SearchField, type Selection } from 'react-aria-components';
import { useSearchParams } from 'wouter';
import {
  allGatewayFacetsQuery,
  gatewayFacetsQuery,
  gatewaysQuery,
  type GatewayFilter,
  type GatewayQuery,
  type Schemas,
} from '../api/queries.js';
import { useMay } from '../api/whoami.js';
import { BulkActions } from '../components/bulk-actions.js';
import { Ago } from '../components/clock.js';
import { Facet, FacetList } from '../components/facet.js';
import { Grid, type GridColumn } from '../components/grid.js';
import { Loaded, Loading } from '../components/loaded.js';
import { gatewayHref, Name } from '../components/name.js';
import { Page } from '../components/page.js';
import { PressButton } from '../components/press-button.js';
import { SavedViews } from '../components/saved-views.js';
import { StateChip } from '../components/state-chip.js';
import { gatewaysAsked, gatewaysHref } from '../logic/gateway-address.js';
import { hasClause, labelClause, toggledClause } from '../logic/label-clause.js';
import { countedText } from '../logic/numbers.js';
import { printable, shortened } from '../logic/text.js';

type Gateway = Schemas['Gateway'];

const columns: readonly GridColumn<Gateway>[] = [
  {
    id: 'id',
    title: 'Gateway',
    minWidth: 130,
    names: true,
    sorts: true,
    cell: ({ id }) => <Name text={id} />,
  },
  {
    id: 'conditions',
    title: 'State',
    minWidth: 115,
    cell: ({ conditions }) => conditions.map((one) => <StateChip key={one} state={one} />),
  },
  { id: 'node', title: 'Node', minWidth: 80, cell: ({ nodeId }) => <Name text={nodeId ?? '–'} /> },
  {
    id: 'platform',
    title: 'Platform',
    minWidth: 110,
    cell: ({ profile: { hardware, software } }) => <Name text={`${hardware.arch} ${software.os}`} />,
  },
  {
    id: 'installed',
    title: 'Installed',
    minWidth: 150,
    cell: ({ profile: { installed = [] } }) => (
      <Name text={installed.map(({ name, version }) => `${name} ${version}`).join(', ') || '–'} />
    ),
  },
  {
    id: 'troubles',
    title: 'Trouble',
    minWidth: 100,
    cell: ({ troubles }) => <Name text={troubles.join('; ')} />,
  },
  {
    id: 'lastSeen',
    title: 'Heard of',
    minWidth: 100,
    sorts: true,
    cell: ({ lastSeenAt }) => <Ago at={lastSeenAt} />,
  },
];

const nothing: Selection = new Set();
const idOf = ({ id }: Gateway): string => id;
const hrefOf = ({ id }: Gateway): string => gatewayHref(id);

export default function GatewaysPage() {
  const [parameters] = useSearchParams();
  const asked = useMemo(() => gatewaysAsked(parameters), [parameters]);
  const { filter, sort } = asked;
  const { counted, isCounting } = useFacets(filter);
  const gateways = useInfiniteQuery(gatewaysQuery(filter, sort));
  const may = useMay();
  const [chosen, setChosen] = useState<Selection>(nothing);
  const chooseNone = useCallback(() => setChosen(nothing), []);
  // An answer that comes while somebody types waits until he has seen his letter.
  const read = useDeferredValue(gateways.data);
  const rows = useMemo(() => read?.pages.flatMap(({ items }) => items) ?? [], [read]);
  // The list shows at once what is chosen; what can be done with it may come after.
  const listed = useDeferredValue(chosen);
  // Of what is not shown any more nothing is done with.
  const ids = useMemo(
    () => rows.map(idOf).filter((id) => listed === 'all' || listed.has(id)),
    [rows, listed],
  );
  return (
    <Page
      title="Gateways"
      beside={
        counted.data !== undefined && (
          <span className="quiet" role="status">
            {facetedText(counted.data, isCounting)}
          </span>
        )
      }
    >
      <Filters key={`${filter.text ?? ''}\n${filter.select ?? ''}`} asked={asked} />
      <SavedViews page="/gateways" query={gatewaysHref(filter, sort).split('?')[1] ?? ''} />
      {ids.length > 0 && <BulkActions ids={ids} onClear={chooseNone} />}
      <div className="list-with-facets">
        <Facets asked={asked} />
        <Loaded query={gateways}>
          {() =>
            read === undefined ? (
              <Loading />
            ) : (
              <List
                {...{ asked, rows }}
                {...(may('operator') ? { chosen, onChoose: setChosen } : {})}
                isLoadingMore={gateways.isFetchingNextPage}
                hasMore={gateways.hasNextPage}
                loadMore={gateways.fetchNextPage}
              />
            )
          }
        </Loaded>
      </div>
    </Page>
  );
}

interface ListProps {
  readonly asked: Asked;
  readonly rows: readonly Gateway[];
  /** Absent for whoever may do nothing with gateways. */
  readonly chosen?: Selection;
  readonly onChoose?: (keys: Selection) => void;
  readonly isLoadingMore: boolean;
  readonly hasMore: boolean;
  readonly loadMore: () => unknown;
}

/** Drawn anew only when something of it is another: it is most of the page. */
const List = memo(function List({
  asked: { filter, sort },
  rows,
  chosen,
  onChoose,
  isLoadingMore,
  hasMore,
  loadMore,
}: ListProps) {
  const show = useShow();
  const more = useMemo(
    () => ({
      isLoading: isLoadingMore,
      load: () => {
        if (hasMore && !isLoadingMore) loadMore();
      },
    }),
    [isLoadingMore, hasMore, loadMore],
  );
  return (
    <Grid
      label="Gateways"
      columns={columns}
      rows={rows}
      idOf={idOf}
      hrefOf={hrefOf}
      {...(chosen === undefined || onChoose === undefined
        ? {}
        : { selection: { keys: chosen, change: onChoose } })}
      empty={Object.keys(filter).length === 0 ? 'No gateway has registered yet.' : 'No gateway is like that.'}
      sort={{
        column: (sort ?? 'id').replace('-', ''),
        direction: sort?.startsWith('-') === true ? 'descending' : 'ascending',
      }}
      onSort={({ column, direction }) =>
        show(filter, `${direction === 'descending' ? '-' : ''}${String(column)}` as GatewayQuery['sort'])
      }
      more={more}
    />
  );
});

/** Changes what is asked for, in the address. */
function useShow(): (filter: GatewayFilter, sort: GatewayQuery['sort']) => void {
  const [, setParameters] = useSearchParams();
  return (filter, sort) => setParameters(new URLSearchParams(gatewaysHref(filter, sort).split('?')[1] ?? ''));
}

interface Asked {
  readonly filter: GatewayFilter;
  readonly sort: GatewayQuery['sort'];
}

const Filters = memo(function Filters({ asked: { filter, sort } }: { readonly asked: Asked }) {
  const show = useShow();
  const [text, setText] = useState(filter.text ?? '');
  const [select, setSelect] = useState(filter.select ?? '');
  return (
    <form
      className="filters"
      role="search"
      aria-label="Gateways"
      onSubmit={(event) => {
        event.preventDefault();
        show({ ...filter, text: text.trim(), select: select.trim() }, sort);
      }}
    >
      <SearchField className="field" value={text} onChange={setText} maxLength={200}>
        <Label>Id, name or label has</Label>
        <Input />
      </SearchField>
      <SearchField className="field" value={select} onChange={setSelect} maxLength={2_000}>
        <Label>Selector</Label>
        <Input placeholder={'labels.site == "b1" && hardware.arch == "armv7"'} />
      </SearchField>
      <PressButton type="submit">Search</PressButton>
      {Object.keys(filter).length > 0 && <PressButton onPress={() => show({}, sort)}>Show all</PressButton>}
    </form>
  );
});

/** What there is to choose among: of the first that are found at once, and of all when they have been counted. */
function useFacets(filter: GatewayFilter) {
  const first = useQuery(gatewayFacetsQuery(filter));
  const isPart = first.data?.complete === false && !first.isPlaceholderData;
  const all = useQuery({ ...allGatewayFacetsQuery(filter), enabled: isPart });
  return { counted: isPart && all.data !== undefined ? all : first, isCounting: isPart && all.isPending };
}

/** How many there are; of more than could be counted, that those are not all. */
function facetedText({ total, complete }: Schemas['GatewayFacets'], isCounting: boolean): string {
  if (complete) return countedText(total, 'gateway');
  return `numbers of the first ${countedText(total, 'gateway')}${isCounting ? '; the others are being counted …' : ''}`;
}

const Facets = memo(function Facets({ asked: { filter, sort } }: { readonly asked: Asked }) {
  const show = useShow();
  const { counted } = useFacets(filter);
  const choose = (name: 'state' | 'artifact' | 'node' | 'protocol') => (value: string) => {
    const { [name]: before, ...others } = filter;
    show(before === value ? others : { ...filter, [name]: value }, sort);
  };
  const { select = '' } = filter;
  return (
    <FacetList>
      <Loaded query={counted}>
        {({ facets: { state, artifact, node, protocol, label } }) => (
          <>
            <Facet title="State" chosen={filter.state} onChoose={choose('state')} items={state} />
            <Facet title="Artifact" chosen={filter.artifact} onChoose={choose('artifact')} items={artifact} />
            <Facet title="Node" chosen={filter.node} onChoose={choose('node')} items={node} />
            <Facet title="Protocol" chosen={filter.protocol} onChoose={choose('protocol')} items={protocol} />
            {label.map(({ key, values }) => (
              <Facet
                key={key}
                title={`Label ${shortened(printable(key), 40)}`}
                items={values}
                chosen={values.find(({ value }) => hasClause(select, labelClause(key, value)))?.value}
                onChoose={(value) =>
                  show({ ...filter, select: toggledClause(select, labelClause(key, value)) }, sort)
                }
              />
            ))}
          </>
        )}
      </Loaded>
    </FacetList>
  );
});
