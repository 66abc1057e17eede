import {
  contestedWithinHours,
  missedPolls,
  notedEverySeconds,
  type GatewayCondition,
} from '../domain/gateway/condition.js';
import { troublesPath } from '../domain/gateway/troubles.js';
import { parseSelector } from '../domain/selector/selector.js';
import { Prisma } from '../prisma/generated/client.js';
import { selectorSql } from './selector-sql.js';

/** Which gateways are asked for; what is absent is not asked for, and all of it has to hold. */
export interface GatewayFilter {
  readonly select?: string | undefined;
  /** Part of id, name, mac or a label, in whatever case. */
  readonly text?: string | undefined;
  readonly condition?: GatewayCondition | undefined;
  /** What is installed; `range` absent: any version of it. */
  readonly artifact?: { readonly name: string; readonly range?: string | undefined } | undefined;
  readonly nodeId?: string | undefined;
  readonly protocol?: string | undefined;
  /** Something is not as it should be. */
  readonly unwell?: boolean | undefined;
}

/** Of the row `g`: it has not been heard of for longer than its own pauses explain. */
export const isSilentGateway = Prisma.sql`(g.state = 'active' AND g.last_seen_at <
  now() - (${missedPolls}::int * g.poll_seconds + ${notedEverySeconds}::int) * interval '1 second')`;

const isContested = Prisma.sql`EXISTS (SELECT FROM gateway_contest c
  WHERE c.gateway_id = g.id AND c.last_at > now() - ${contestedWithinHours}::int * interval '1 hour')`;

/** Each condition on the row `g` of `gateway`. */
export const conditionsSql: Readonly<Record<GatewayCondition, Prisma.Sql>> = {
  online: Prisma.sql`(g.state = 'active' AND NOT ${isSilentGateway})`,
  silent: isSilentGateway,
  queued: Prisma.sql`g.state = 'queued'`,
  pending: Prisma.sql`g.state = 'pending'`,
  contested: isContested,
  decommissioned: Prisma.sql`g.state = 'decommissioned'`,
};

/**
 * A filter on the row `g` of `gateway`.
 * @throws LeonoreError MALFORMED_INPUT for a selector, or a range, that cannot be read
 */
export function gatewayFilterSql(filter: GatewayFilter): Prisma.Sql {
  const { select, text, condition, artifact, nodeId, protocol, unwell = false } = filter;
  const conditions = [
    ...(select === undefined ? [] : [selectorSql(parseSelector(select))]),
    ...(text === undefined ? [] : [holdsText(text)]),
    ...(condition === undefined ? [] : [conditionsSql[condition]]),
    ...(artifact === undefined ? [] : [selectorSql(parseSelector(installedSelector(artifact)))]),
    ...(nodeId === undefined ? [] : [Prisma.sql`g.node_id = ${nodeId}`]),
    ...(protocol === undefined ? [] : [Prisma.sql`g.protocol = ${protocol}`]),
    ...(unwell
      ? [
          Prisma.sql`(g.state <> 'decommissioned' AND jsonb_path_exists(g.profile, ${troublesPath}::jsonpath))`,
        ]
      : []),
    Prisma.sql`true`,
  ];
  return Prisma.join(conditions, ' AND ', '(', ')');
}

/** True for a row `g` that has the text in its id, name, mac or a label. */
export function holdsText(text: string): Prisma.Sql {
  return Prisma.sql`strpos(lower(concat_ws(' ', g.id, g.name, g.mac, g.labels::text)), lower(${text}::text)) > 0`;
}

function installedSelector({ name, range }: NonNullable<GatewayFilter['artifact']>): string {
  const quoted = (text: string) => `"${text.replace(/["\\]/gu, '\\$&')}"`;
  const fact = `installed[${quoted(name)}]`;
  return range === undefined ? fact : `${fact} ~ ${quoted(range)}`;
}
