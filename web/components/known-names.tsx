/** Names that a field may be completed to. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { artifactsQuery, deploymentsQuery } from '../api/queries.js';

export const artifactNamesId = 'artifact-names';
export const deploymentNamesId = 'deployment-names';

export function ArtifactNames() {
  const artifacts = useInfiniteQuery(artifactsQuery);
  const names = new Set((artifacts.data?.pages ?? []).flatMap(({ items }) => items.map(({ name }) => name)));
  return <Names id={artifactNamesId} names={[...names]} />;
}

export function DeploymentNames() {
  const deployments = useInfiniteQuery(deploymentsQuery);
  const names = (deployments.data?.pages ?? []).flatMap(({ items }) => items.map(({ name }) => name));
  return <Names id={deploymentNamesId} names={names} />;
}

function Names({ id, names }: { readonly id: string; readonly names: readonly string[] }) {
  return (
    <datalist id={id}>
      {names.map((name) => (
        <option key={name} value={name} />
      ))}
    </datalist>
  );
}
