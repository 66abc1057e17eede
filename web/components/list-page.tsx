import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Grid, type GridColumn } from './grid.js';
import { Loaded } from './loaded.js';
import { Page } from './page.js';

interface ListPageProps<T extends object> {
  readonly title: string;
  readonly label: string;
  readonly query: UseInfiniteQueryResult<InfiniteData<{ readonly items: readonly T[] }>>;
  readonly columns: readonly GridColumn<T>[];
  readonly idOf: (row: T) => string;
  readonly hrefOf?: (row: T) => string;
  readonly empty: ReactNode;
  readonly actions?: ReactNode;
  /** What stands above the table. */
  readonly children?: ReactNode;
}

/** A page that is one long table. */
export function ListPage<T extends object>({
  title,
  label,
  query,
  columns,
  idOf,
  hrefOf,
  empty,
  actions,
  children,
}: ListPageProps<T>) {
  return (
    <Page title={title} actions={actions}>
      {children}
      <Loaded query={query}>
        {({ pages }) => (
          <Grid
            label={label}
            columns={columns}
            rows={pages.flatMap(({ items }) => items)}
            idOf={idOf}
            {...(hrefOf === undefined ? {} : { hrefOf })}
            empty={empty}
            more={{
              isLoading: query.isFetchingNextPage,
              load: () => {
                if (query.hasNextPage && !query.isFetchingNextPage) void query.fetchNextPage();
              },
            }}
          />
        )}
      </Loaded>
    </Page>
  );
}
