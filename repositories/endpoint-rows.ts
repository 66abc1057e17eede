import type { Endpoint } from '../domain/gateway/endpoint.js';
import { Prisma } from '../prisma/generated/client.js';
import { jsonText, type Transaction } from './database.js';

/** Replaces what a node has announced. @param endpoints in the node's order of preference */
export async function storeEndpoints(
  tx: Transaction,
  nodeId: string,
  endpoints: readonly Endpoint[],
): Promise<void> {
  await tx.$executeRaw`DELETE FROM node_endpoint WHERE node_id = ${nodeId}`;
  await tx.$executeRaw`
    INSERT INTO node_endpoint (node_id, protocol, transport, address, strategies, push_scheme, tls, place)
    SELECT ${nodeId}, e.protocol, e.transport, e.address, e.strategies, e."pushScheme", e.tls, e.place
    FROM jsonb_to_recordset(${jsonText(endpoints.map((endpoint, place) => ({ ...endpoint, place })))}::jsonb)
      AS e(protocol text, transport text, address text, strategies text[], "pushScheme" text, tls text, place smallint)`;
}

/** What nodes have announced, each in its order. @param nodeId of one node; null: of all */
export async function endpointsByNode(
  tx: Transaction,
  nodeId: string | null = null,
): Promise<Map<string, Endpoint[]>> {
  const rows = await tx.$queryRaw<(Endpoint & { nodeId: string })[]>`
    SELECT node_id AS "nodeId", protocol, transport, address, strategies, push_scheme AS "pushScheme", tls
    FROM node_endpoint WHERE ${nodeId}::text IS NULL OR node_id = ${nodeId} ORDER BY node_id, place`;
  const byNode = new Map<string, Endpoint[]>();
  for (const { nodeId: id, ...endpoint } of rows) {
    const known = byNode.get(id);
    if (known === undefined) byNode.set(id, [endpoint]);
    else known.push(endpoint);
  }
  return byNode;
}

/**
 * Of a row of `gateway` that is called g: protocols by which it is pushed, in the order in which they are tried; none when it
 * pulls.
 */
export const pushProtocols = Prisma.sql`(
  CASE WHEN g.strategy = 'push' THEN ARRAY[g.protocol] || ARRAY(
    SELECT split_part(f.channel, '/', 1) FROM unnest(g.fallbacks) WITH ORDINALITY AS f(channel, place)
    WHERE f.channel LIKE '%/push' ORDER BY f.place) ELSE '{}' END)`;
