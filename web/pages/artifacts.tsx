import { useInfiniteQuery } from '@tanstack/react-query';
import { bytesText } from '../../domain/units.js';
import { artifactsQuery, type Schemas } from '../api/queries.js';
import { Ago } from '../components/clock.js';
import type { GridColumn } from '../components/grid.js';
import { ListPage } from '../components/list-page.js';
import { artifactHref, Name } from '../components/name.js';

const columns: readonly GridColumn<Schemas['Artifact']>[] = [
  { id: 'name', title: 'Artifact', minWidth: 180, names: true, cell: ({ name }) => <Name text={name} /> },
  { id: 'version', title: 'Version', minWidth: 100, cell: ({ version }) => <Name text={version} /> },
  { id: 'kind', title: 'Kind', minWidth: 100, cell: ({ kind }) => kind },
  {
    id: 'what',
    title: 'What it is',
    minWidth: 240,
    cell: ({ manifest }) => <Name text={manifest.description ?? ''} />,
  },
  { id: 'size', title: 'Size', minWidth: 90, cell: ({ sizeBytes }) => bytesText(sizeBytes) },
  {
    id: 'signed',
    title: 'Signed by',
    minWidth: 130,
    cell: ({ signedBy }) => <Name text={signedBy.join(', ') || 'nobody'} />,
  },
  { id: 'added', title: 'Added', minWidth: 100, cell: ({ createdAt }) => <Ago at={createdAt} /> },
];

export default function ArtifactsPage() {
  return (
    <ListPage
      title="Artifacts"
      label="Artifacts by name and version"
      query={useInfiniteQuery(artifactsQuery)}
      columns={columns}
      idOf={({ name, version }) => `${name}@${version}`}
      hrefOf={({ name, version }) => artifactHref(name, version)}
      empty={
        <>
          No artifact yet. Add one with <code>leonore artifact add</code>.
        </>
      }
    />
  );
}
