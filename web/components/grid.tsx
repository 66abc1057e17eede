import type { ReactNode } from 'react';
import {
  Cell,
  CheckboxButton,
  CheckboxField,
  Collection,
  Column,
  Row,
  Table,
  TableBody,
  TableHeader,
  TableLayout,
  TableLoadMoreItem,
  Virtualizer,
  type Selection,
  type SortDescriptor,
} from 'react-aria-components';

export interface GridColumn<T> {
  readonly id: string;
  readonly title: string;
  /** Pixels that it needs. */
  readonly minWidth: number;
  /** The first of them names the row. */
  readonly names?: boolean;
  readonly sorts?: boolean;
  readonly cell: (row: T) => ReactNode;
}

interface GridProps<T extends object> {
  readonly label: string;
  readonly columns: readonly GridColumn<T>[];
  readonly rows: readonly T[];
  readonly idOf: (row: T) => string;
  readonly hrefOf?: (row: T) => string;
  readonly empty: ReactNode;
  readonly more?: { readonly isLoading: boolean; readonly load: () => void };
  readonly sort?: SortDescriptor;
  readonly onSort?: (sort: SortDescriptor) => void;
  readonly selection?: { readonly keys: Selection; readonly change: (keys: Selection) => void };
}

const layoutOptions = { rowHeight: 38, headingHeight: 36, loaderHeight: 36 };

/** A table of any length: rows are drawn where they are seen, further ones are asked for when they come near. */
export function Grid<T extends object>({
  label,
  columns,
  rows,
  idOf,
  hrefOf,
  empty,
  more,
  sort,
  onSort,
  selection,
}: GridProps<T>) {
  return (
    <div className="grid-box">
      <Virtualizer layout={TableLayout} layoutOptions={layoutOptions}>
        <Table
          className="grid"
          aria-label={label}
          selectionMode={selection === undefined ? 'none' : 'multiple'}
          {...(selection === undefined
            ? {}
            : { selectedKeys: selection.keys, onSelectionChange: selection.change })}
          {...(sort === undefined ? {} : { sortDescriptor: sort })}
          {...(onSort === undefined ? {} : { onSortChange: onSort })}
        >
          <TableHeader>
            {selection !== undefined && (
              <Column id="chosen" width={44} minWidth={44}>
                <Chooser />
              </Column>
            )}
            {columns.map(({ id, title, minWidth, names = false, sorts = false }) => (
              <Column
                key={id}
                id={id}
                isRowHeader={names}
                allowsSorting={sorts}
                minWidth={minWidth}
                defaultWidth={`${minWidth}fr`}
              >
                {({ sortDirection }) =>
                  `${title}${sortDirection === undefined ? '' : sortDirection === 'ascending' ? ' ↑' : ' ↓'}`
                }
              </Column>
            ))}
          </TableHeader>
          <TableBody renderEmptyState={() => <div className="empty">{empty}</div>}>
            <Collection items={rows} dependencies={[columns, selection === undefined]}>
              {(row) => (
                <Row id={idOf(row)} {...(hrefOf === undefined ? {} : { href: hrefOf(row) })}>
                  {selection !== undefined && (
                    <Cell>
                      <Chooser />
                    </Cell>
                  )}
                  {columns.map(({ id, cell }) => (
                    <Cell key={id}>{cell(row)}</Cell>
                  ))}
                </Row>
              )}
            </Collection>
            {more !== undefined && (
              <TableLoadMoreItem isLoading={more.isLoading} onLoadMore={more.load}>
                Loading more …
              </TableLoadMoreItem>
            )}
          </TableBody>
        </Table>
      </Virtualizer>
    </div>
  );
}

/** Chooses its row, or all of them; the table names it. */
function Chooser() {
  return (
    <CheckboxField slot="selection">
      <CheckboxButton className="chooser">
        <span aria-hidden="true" />
      </CheckboxButton>
    </CheckboxField>
  );
}
