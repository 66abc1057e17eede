import type { Connection } from '@temporalio/client';
import proto from '@temporalio/proto';

/** By what campaigns and rollouts are found in the Temporal UI. All are of type Keyword. */
export const searchAttributes = [
  'LeonoreCampaign',
  'LeonoreRollout',
  'LeonoreArtifact',
  'LeonoreDeployment',
  'LeonoreNode',
  'LeonoreState',
] as const;

/**
 * Registers the search attributes that a namespace lacks.
 * @throws Error of the server, such as PERMISSION_DENIED where only operators may register them
 */
export async function ensureSearchAttributes(connection: Connection, namespace: string): Promise<void> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = searchAttributes.filter((name) => !(name in customAttributes));
  if (missing.length > 0) await registerSearchAttributes(connection, namespace, missing);
}

/** Registers search attributes on a server that has none of them, or (the time-skipping one) cannot list them. */
export async function registerSearchAttributes(
  connection: Connection,
  namespace: string,
  names: readonly string[] = searchAttributes,
): Promise<void> {
  const keyword = proto.temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD;
  await connection.operatorService.addSearchAttributes({
    namespace,
    searchAttributes: Object.fromEntries(names.map((name) => [name, keyword])),
  });
}
