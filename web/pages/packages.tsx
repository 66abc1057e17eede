import { useInfiniteQuery } from '@tanstack/react-query';
import { bytesText } from '../../domain/units.js';
import type { Schemas } from '../api/queries.js';
import { packagesQuery } from '../api/resource-queries.js';
import { Ago } from '../components/clock.js';
import type { GridColumn } from '../components/grid.js';
import { ListPage } from '../components/list-page.js';
import { Name, packageHref } from '../components/name.js';

const columns: readonly GridColumn<Schemas['Package']>[] = [
  {
    id: 'id',
    title: 'Package',
    minWidth: 120,
    names: true,
    cell: ({ id }) => <code>{id.slice(0, 12)}</code>,
  },
  {
    id: 'artifacts',
    title: 'Holds',
    minWidth: 320,
    cell: ({ artifacts }) => <Name text={artifacts.join(', ')} />,
  },
  { id: 'size', title: 'Size', minWidth: 90, cell: ({ sizeBytes }) => bytesText(sizeBytes) },
  {
    id: 'installed',
    title: 'Installed',
    minWidth: 90,
    cell: ({ installedBytes }) => bytesText(installedBytes),
  },
  { id: 'by', title: 'Built by', minWidth: 100, cell: ({ builtBy }) => <Name text={builtBy} /> },
  { id: 'built', title: 'Built', minWidth: 100, cell: ({ builtAt }) => <Ago at={builtAt} /> },
  {
    id: 'needed',
    title: 'Last needed',
    minWidth: 110,
    cell: ({ lastNeededAt }) => <Ago at={lastNeededAt} />,
  },
];

export default function PackagesPage() {
  return (
    <ListPage
      title="Packages"
      label="Packages, the newest first"
      query={useInfiniteQuery(packagesQuery)}
      columns={columns}
      idOf={({ id }) => id}
      hrefOf={({ id }) => packageHref(id)}
      empty="None has been built yet."
    />
  );
}
