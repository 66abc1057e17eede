import type pg from 'pg';
import type { Component, GatewayProfile } from '../../domain/gateway/profile.js';
import { createRandom } from '../random.js';
import { populations, profileOf } from '../virtual-gateways/population.js';

/** Gateways of a building; a fleet has as many buildings as it needs. */
const gatewaysOfBuilding = 200;
/** Profiles that the gateways' are made of; each gateway has its own identity, labels and load besides. */
const sampleCount = 1_000;
/** What a gateway's operating system brings: as many tools as make a profile as large as agents report it. */
const commonTools: readonly (readonly [name: string, ...versions: string[]])[] = [
  ['openssl', '1.1.1', '3.0.13', '3.3.1'],
  ['dropbear', '2022.83', '2024.85'],
  ['mosquitto', '1.6.12', '2.0.18'],
  ['iptables', '1.8.7', '1.8.10'],
  ['lua', '5.1.5', '5.4.6'],
  ['python3', '3.9.18', '3.11.8', '3.12.3'],
  ['tar', '1.34', '1.35'],
  ['gzip', '1.12', '1.13'],
  ['dnsmasq', '2.86', '2.90'],
  ['chrony', '4.3', '4.5-r1'],
  ['opkg', '2021-06-13', '2024-10-16'],
  ['sqlite3', '3.40.1', '3.45.1'],
];

/** Nodes `node-1` to `node-<nodes>`, all alive. */
export async function seedNodes(client: pg.ClientBase, nodes: number): Promise<void> {
  await client.query(
    `INSERT INTO node (id, address, incarnation, labels, shared_at)
     SELECT 'node-' || n, 'http://127.0.0.1:1/node-' || n, gen_random_uuid(),
            jsonb_build_object('site', 'site-' || n % 10), now()
     FROM generate_series(1, $1::int) AS n`,
    [nodes],
  );
  await client.query(
    `INSERT INTO node_endpoint (node_id, protocol, transport, address, strategies, push_scheme, tls, place)
     SELECT id, 'http', 'tcp', address, '{push,pull}', 'http', 'none', 0 FROM node`,
  );
}

/**
 * Gateways `gw-0000000` onwards, spread evenly over the nodes; one in a hundred is decommissioned, one in a hundred
 * waits for a node.
 */
export async function seedGateways(client: pg.ClientBase, gateways: number, nodes: number): Promise<void> {
  await client.query(
    `INSERT INTO gateway (id, mac, name, profile, strategies, protocols, protocol, strategy, labels, installed,
                          push_address, node_id, token_hash, agent_version, state, queued_at, last_seen_at)
     SELECT id, mac, profile ->> 'name', profile || jsonb_build_object('id', id, 'mac', mac, 'labels', labels),
            ARRAY[strategy], ARRAY['http'], 'http', strategy, labels, profile -> 'installed',
            CASE WHEN strategy = 'push' THEN 'http://127.0.0.1:1/' || id END,
            CASE WHEN state = 'active' THEN 'node-' || (1 + i % $3::int) END,
            CASE WHEN state = 'decommissioned' THEN ''::bytea ELSE sha256(id::bytea) END, '0.1.0', state,
            CASE WHEN state = 'queued' THEN now() END, now() - random() * interval '1 hour'
     FROM (
       SELECT i, 'gw-' || lpad(i::text, 7, '0') AS id, '02:' || left(regexp_replace(md5(i::text), '(..)', '\\1:', 'g'), 14) AS mac,
              profile, profile #>> '{strategies,0}' AS strategy,
              CASE i % 100 WHEN 7 THEN 'decommissioned' WHEN 57 THEN 'queued' ELSE 'active' END AS state,
              jsonb_build_object(
                'site', 'site-' || i / $4::int % 10, 'building', 'b' || i / $4::int, 'floor', (i / 10 % 20)::text,
                'room', i % $4::int || CASE WHEN i % 3 = 0 THEN 'a' ELSE '' END, 'kind', profile #>> '{labels,kind}',
                'ring', CASE WHEN i % 1000 = 3 THEN 'canary' WHEN i % 10 = 1 THEN 'early' ELSE 'broad' END
              ) AS labels
       FROM generate_series(0, $2::int - 1) AS i
       JOIN unnest($1::jsonb[]) WITH ORDINALITY AS sample(profile, number) ON number = 1 + i % cardinality($1::jsonb[])
     ) AS gateway`,
    [sampleProfiles().map((profile) => JSON.stringify(profile)), gateways, nodes, gatewaysOfBuilding],
  );
  await client.query(
    `UPDATE node n SET gateway_count = c.count
     FROM (SELECT node_id, count(*)::int AS count FROM gateway WHERE node_id IS NOT NULL GROUP BY node_id) c
     WHERE n.id = c.node_id`,
  );
}

function sampleProfiles(): GatewayProfile[] {
  const population = { kinds: populations.building, seed: 1, prefix: 'sample', labels: {} };
  const random = createRandom(1);
  return Array.from({ length: sampleCount }, (_none, index) => {
    const profile = profileOf(population, index, [index % 2 === 0 ? 'push' : 'pull']);
    const tools = commonTools.map(([name, ...versions]): Component => ({
      name,
      version: versions[Math.floor(random() * versions.length)] ?? '',
    }));
    return {
      ...profile,
      software: { ...profile.software, tools: [...(profile.software.tools ?? []), ...tools] },
    };
  });
}
