import { useMemo, type ReactNode } from 'react';
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

/**
 * A table of any length: rows are drawn where they are seen, further ones are asked for when they come near.
 *
 * What stands in it is handed on as the same object until it is another: the table takes what it is given anew for other
 * content, and lays all of it out again, also when somebody has only chosen a row.
 */
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
  const isChosenFrom = selection !== undefined;
  const header = useMemo(
    () => (
      <TableHeader>
        {isChosenFrom && (
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
    ),
    [columns, isChosenFrom],
  );
  const body = useMemo(
    () => (
      <TableBody renderEmptyState={() => <div className="empty">{empty}</div>}>
        <Collection items={rows} dependencies={[columns, isChosenFrom]}>
          {(row) => (
            <Row id={idOf(row)} {...(hrefOf === undefined ? {} : { href: hrefOf(row) })}>
              {isChosenFrom && (
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
    ),
    [rows, columns, idOf, hrefOf, empty, more, isChosenFrom],
  );
  return (
    <div className="grid-box">
      <Virtualizer layout={TableLayout} layoutOptions={layoutOptions}>
        <Table
          className="grid"
          aria-label={label}
          selectionMode={isChosenFrom ? 'multiple' : 'none'}
          {...(selection === undefined
            ? {}
            : { selectedKeys: selection.keys, onSelectionChange: selection.change })}
          {...(sort === undefined ? {} : { sortDescriptor: sort })}
          {...(onSort === undefined ? {} : { onSortChange: onSort })}
        >
          {header}
          {body}
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
