import { classOfCode, classOfReport, classifyFailure } from '../../domain/campaign/classify-failure.js';
import type { ErrorClass } from '../../domain/campaign/error-class.js';
import { reasonOf, templateText, type Reason } from '../../domain/delivery/reason.js';
import type { DeliveryState, troubleStates } from '../../domain/delivery/state.js';
import { LeonoreError } from '../../domain/errors.js';
import type { Counted } from '../../domain/gateway/facets.js';
import { parseSelector } from '../../domain/selector/selector.js';
import { Prisma } from '../../prisma/generated/client.js';
import type { Database } from '../database.js';
import type { FleetScope } from '../fleet-scope.js';
import { holdsText } from '../gateway-filter.js';
import { pageOf } from '../page.js';
import { selectorSql } from '../selector-sql.js';
import type { Delivery } from './delivery-repository.js';
import { countsOf } from './delivery-counts.js';
import { sqlInState, sqlStateOf, sqlTrouble } from './sql-states.js';

/** Which deliveries are asked for; what is absent is not asked for, and all of it has to hold. */
export interface DeliveryFilter {
  /** A selector over the gateway. */
  readonly select?: string | undefined;
  /** Part of the gateway's id, name, mac or a label, in whatever case. */
  readonly text?: string | undefined;
  readonly nodeId?: string | undefined;
  readonly state?: DeliveryState | undefined;
  readonly errorClass?: ErrorClass | undefined;
  /** Key of a reason. */
  readonly reason?: string | undefined;
}

export interface TroubleFilter extends DeliveryFilter {
  readonly state?: (typeof troubleStates)[number] | undefined;
  readonly rolloutId?: string | undefined;
  readonly campaignId?: string | undefined;
  readonly withinHours: number;
}

/** A reason, with what it is asked for by. */
export type KeyedReason = Reason & { readonly key: string };

export interface ListedDelivery extends Delivery {
  readonly rolloutId: string;
  readonly requests: readonly string[];
  /** Null when it did not end badly. */
  readonly reason: KeyedReason | null;
}

/** How often something went wrong for a reason. */
export interface ReasonCount extends Pick<KeyedReason, 'key' | 'class' | 'template'> {
  readonly count: number;
  /** One delivery that it was so with. */
  readonly example: Pick<Reason, 'parameters' | 'output'> & {
    readonly gatewayId: string;
    readonly rolloutId: string;
  };
}

export interface DeliveryFacets {
  readonly total: number;
  /** False: there are more that ended badly than are counted, and the numbers are those of so many. */
  readonly complete: boolean;
  readonly state: readonly Counted<DeliveryState>[];
  readonly class: readonly Counted<ErrorClass>[];
  readonly node: readonly Counted[];
  readonly reason: readonly ReasonCount[];
}

/** What ended badly that is counted at a time: by an index alone, or with a look at each gateway. */
const countedAtMost = { byIndex: 100_000, byGateway: 5_000 } as const;
/** Reasons and nodes that are told. */
const toldAtMost = 100;

/** Class or code, and template: of the delivery's own error, or of what its group says of its plan. */
const reasonText = Prisma.sql`(CASE WHEN d.reason <> ' ' THEN d.reason
  ELSE ' ' || coalesce(leonore_template(gr.explanation), '') END)`;
const reasonKey = Prisma.sql`left(md5(d.state || ' ' || ${reasonText}), 16)`;
const firstWord = Prisma.sql`split_part(coalesce(d.reason, ''), ' ', 1)`;

const tables = Prisma.sql`delivery d JOIN rollout r ON r.id = d.rollout_id JOIN gateway g ON g.id = d.gateway_id
  LEFT JOIN rollout_chunk c ON c.rollout_id = d.rollout_id AND c.chunk = d.chunk
  LEFT JOIN rollout_group gr ON gr.id = d.group_id`;

/** Deliveries as people look for them, and what there is to choose among. */
export class DeliveryListRepository {
  constructor(
    private readonly database: Database,
    private readonly fleet: FleetScope,
  ) {}

  /** Deliveries of a rollout by gateway id, a page at a time; whoever asks may see the rollout. */
  async ofRollout(
    rolloutId: string,
    limit: number,
    cursor: string | null,
    filter: DeliveryFilter = {},
  ): Promise<{ items: ListedDelivery[]; nextCursor: string | null }> {
    const found = await this.found(
      Prisma.sql`d.rollout_id = ${rolloutId}::uuid AND d.gateway_id > ${cursor ?? ''}
        AND ${sqlInState(filter.state ?? null)} AND ${chosen(filter)}`,
      Prisma.sql`d.gateway_id`,
      limit + 1,
    );
    return pageOf(found, limit, ({ gatewayId }) => gatewayId);
  }

  /**
   * What ended badly of late, whatever it belongs to; the latest first, a page at a time.
   * @throws LeonoreError MALFORMED_INPUT for a selector or a cursor that cannot be read
   */
  async trouble(
    limit: number,
    cursor: string | null,
    filter: TroubleFilter,
  ): Promise<{ items: ListedDelivery[]; nextCursor: string | null }> {
    const found = await this.found(
      Prisma.sql`${inTrouble(filter)} AND ${chosen(filter)} AND ${cursor === null ? Prisma.sql`true` : after(cursor)}`,
      Prisma.sql`d.ended_at DESC, d.rollout_id DESC, d.gateway_id DESC`,
      limit + 1,
    );
    return pageOf(
      found,
      limit,
      ({ endedAt, rolloutId, gatewayId }) => `${endedAt?.getTime() ?? 0}.${rolloutId}.${gatewayId}`,
    );
  }

  /** Of all deliveries of a rollout; whoever asks may see it. */
  async facetsOfRollout(rolloutId: string): Promise<DeliveryFacets> {
    const [counts, facets] = await Promise.all([
      countsOf(this.database, rolloutId),
      this.facets(
        Prisma.sql`d.rollout_id = ${rolloutId}::uuid AND d.state IN ${sqlTrouble}`,
        Prisma.empty,
        countedAtMost.byIndex,
      ),
    ]);
    const state = Object.entries(counts).map(([value, count]) => ({ value: value as DeliveryState, count }));
    return { ...facets, total: state.reduce((sum, { count }) => sum + count, 0), state };
  }

  /** Of what ended badly of late. @throws LeonoreError MALFORMED_INPUT for a selector that cannot be read */
  async facetsOfTrouble(filter: TroubleFilter): Promise<DeliveryFacets> {
    const { select, text, campaignId } = filter;
    const looksAtGateways = this.fleet.scope !== 'fleet' || select !== undefined || text !== undefined;
    const joins = [
      ...(looksAtGateways ? [Prisma.sql`JOIN gateway g ON g.id = d.gateway_id`] : []),
      ...(campaignId === undefined ? [] : [Prisma.sql`JOIN rollout r ON r.id = d.rollout_id`]),
    ];
    return this.facets(
      Prisma.sql`${inTrouble(filter)} AND ${chosen(filter)} AND ${this.fleet.gateway}`,
      joins.length === 0 ? Prisma.empty : Prisma.join(joins, ' '),
      looksAtGateways ? countedAtMost.byGateway : countedAtMost.byIndex,
    );
  }

  private async found(condition: Prisma.Sql, order: Prisma.Sql, limit: number): Promise<ListedDelivery[]> {
    const rows = await this.database.$queryRaw<(Omit<ListedDelivery, 'reason'> & { reasonKey: string })[]>`
      SELECT r.id::text AS "rolloutId", r.requests, d.gateway_id AS "gatewayId", d.node_id AS "nodeId",
        d.group_id::text AS "groupId", ${sqlStateOf} AS state, d.protocol, d.strategy, d.error, gr.explanation,
        gr.package_id AS "packageId", d.updated_at AS "updatedAt", d.ended_at AS "endedAt",
        g.last_seen_at AS "lastSeenAt", ${reasonKey} AS "reasonKey"
      FROM ${tables} WHERE ${condition} AND ${this.fleet.gateway} ORDER BY ${order} LIMIT ${limit}`;
    return rows.map(({ reasonKey: key, ...delivery }) => {
      const reason = reasonOf(delivery);
      return { ...delivery, reason: reason === null ? null : { key, ...reason } };
    });
  }

  /** @param joins what the condition is about besides the delivery `d` */
  private async facets(condition: Prisma.Sql, joins: Prisma.Sql, most: number): Promise<DeliveryFacets> {
    const rows = await this.database.$queryRaw<(ReasonRow & { nodeId: string | null; isNode: boolean })[]>`
      SELECT d.state, ${reasonText} AS reason, ${reasonKey} AS key, d.rollout_id::text AS "rolloutId",
        d.group_id::text AS "groupId", d.reason AS stored, d.node_id AS "nodeId", d.of_node = 0 AS "isNode", d.count::int
      FROM (
        SELECT d.state, d.reason, d.rollout_id, d.group_id, d.node_id, grouping(d.node_id) AS of_node, count(*) AS count
        FROM (SELECT d.state, d.reason, d.rollout_id, CASE WHEN d.reason = ' ' THEN d.group_id END AS group_id, d.node_id
              FROM delivery d ${joins} WHERE ${condition} LIMIT ${most}) d
        GROUP BY GROUPING SETS ((d.state, d.reason, d.rollout_id, d.group_id), (d.node_id))
      ) d LEFT JOIN rollout_group gr ON gr.id = d.group_id`;
    const ended = rows.filter(({ isNode }) => !isNode);
    const total = sum(ended);
    const byKey = new Map<string, ReasonRow[]>();
    for (const row of ended) byKey.set(row.key, [...(byKey.get(row.key) ?? []), row]);
    const reasons = [...byKey.values()]
      .flatMap((same) => (same[0] === undefined ? [] : [{ ...same[0], count: sum(same) }]))
      .sort((left, right) => right.count - left.count)
      .slice(0, toldAtMost);
    const examples = await this.examples(condition, joins, reasons);
    return {
      total,
      complete: total < most,
      state: summed(ended, ({ state }) => state),
      class: summed(ended, classOfRow),
      node: summed(
        rows.filter(({ isNode, nodeId }) => isNode && nodeId !== null),
        ({ nodeId }) => nodeId ?? '',
      ).slice(0, toldAtMost),
      reason: reasons.flatMap(({ key, reason, count, state }) => {
        const example = examples.get(key);
        if (example === undefined) return [];
        const errorClass = classOfRow({ state, reason });
        const template = templateText(errorClass, reason.slice(reason.indexOf(' ') + 1));
        return [{ key, class: errorClass, template, count, example }];
      }),
    };
  }

  /** One delivery for each reason, by its key; of those that were counted. */
  private async examples(
    condition: Prisma.Sql,
    joins: Prisma.Sql,
    reasons: readonly ReasonRow[],
  ): Promise<Map<string, ReasonCount['example']>> {
    const rows = await this.database.$queryRaw<
      {
        key: string;
        gatewayId: string;
        rolloutId: string;
        state: DeliveryState;
        error: unknown;
        explanation: string | null;
      }[]
    >`
      SELECT e.key, o.gateway_id AS "gatewayId", e.rollout_id AS "rolloutId", e.state, o.error, gr.explanation
      FROM unnest(${reasons.map(({ key }) => key)}::text[], ${reasons.map(({ rolloutId }) => rolloutId)}::text[],
        ${reasons.map(({ state }) => state)}::text[], ${reasons.map(({ stored }) => stored)}::text[],
        ${reasons.map(({ groupId }) => groupId)}::text[]) AS e(key, rollout_id, state, reason, group_id)
      CROSS JOIN LATERAL (
        SELECT d.gateway_id, d.error, d.group_id FROM delivery d ${joins}
        WHERE ${condition} AND d.rollout_id = e.rollout_id::uuid AND d.state = e.state AND d.reason = e.reason
          AND (e.group_id IS NULL OR d.group_id = e.group_id::uuid) LIMIT 1) o
      LEFT JOIN rollout_group gr ON gr.id = o.group_id`;
    return new Map(
      rows.map(({ key, gatewayId, rolloutId, ...delivery }) => {
        const { parameters = [], output = null } = reasonOf(delivery) ?? {};
        return [key, { gatewayId, rolloutId, parameters, output }] as const;
      }),
    );
  }
}

/** Deliveries of a rollout that ended in the same way for the same reason. */
interface ReasonRow {
  readonly state: DeliveryState;
  /** Class or code, and template. */
  readonly reason: string;
  /** As it stands with the delivery. */
  readonly stored: string;
  readonly key: string;
  readonly rolloutId: string;
  /** Null where the delivery says the reason by itself. */
  readonly groupId: string | null;
  readonly count: number;
}

function inTrouble({ rolloutId, campaignId, withinHours, state }: TroubleFilter): Prisma.Sql {
  const conditions = [
    Prisma.sql`d.state IN ${sqlTrouble} AND d.ended_at > now() - ${withinHours}::int * interval '1 hour'`,
    ...(state === undefined ? [] : [Prisma.sql`d.state = ${state}`]),
    ...(rolloutId === undefined ? [] : [Prisma.sql`d.rollout_id = ${rolloutId}::uuid`]),
    ...(campaignId === undefined ? [] : [Prisma.sql`r.campaign_id = ${campaignId}::uuid`]),
  ];
  return Prisma.join(conditions, ' AND ', '(', ')');
}

/** All but the state. */
function chosen({ select, text, nodeId, errorClass, reason }: DeliveryFilter): Prisma.Sql {
  const conditions = [
    ...(select === undefined ? [] : [selectorSql(parseSelector(select))]),
    ...(text === undefined ? [] : [holdsText(text)]),
    ...(nodeId === undefined ? [] : [Prisma.sql`d.node_id = ${nodeId}`]),
    ...(errorClass === undefined ? [] : [Prisma.sql`d.state IN ${sqlTrouble} AND ${inClass(errorClass)}`]),
    ...(reason === undefined
      ? []
      : [
          Prisma.sql`d.state IN ${sqlTrouble} AND EXISTS (SELECT FROM (SELECT d.group_id) o
            LEFT JOIN rollout_group gr ON gr.id = o.group_id WHERE ${reasonKey} = ${reason})`,
        ]),
    Prisma.sql`true`,
  ];
  return Prisma.join(conditions, ' AND ', '(', ')');
}

/** What {@link classifyFailure} says, by the first word of the reason. */
function inClass(errorClass: ErrorClass): Prisma.Sql {
  const classes = [...Object.entries(classOfCode), ...Object.entries(classOfReport)];
  const of = (wanted: (name: ErrorClass) => boolean): string[] =>
    classes.filter(([, name]) => wanted(name)).map(([word]) => word);
  const failed =
    errorClass === 'internal'
      ? Prisma.sql`NOT ${firstWord} = ANY(${of((name) => name !== 'internal')}::text[])`
      : Prisma.sql`${firstWord} = ANY(${of((name) => name === errorClass)}::text[])`;
  return Prisma.sql`(d.state = ${errorClass} OR (d.state = 'failed' AND ${failed}))`;
}

function after(cursor: string): Prisma.Sql {
  const [, instant, rolloutId, gatewayId] =
    /^([0-9]{1,15})[.]([0-9a-f-]{36})[.](.{1,128})$/su.exec(cursor) ?? [];
  if (instant === undefined || rolloutId === undefined || gatewayId === undefined)
    throw new LeonoreError('MALFORMED_INPUT', 'the cursor is not one of this list');
  return Prisma.sql`(d.ended_at, d.rollout_id, d.gateway_id) <
    (to_timestamp(${Number(instant)}::float8 / 1000), ${rolloutId}::uuid, ${gatewayId})`;
}

function classOfRow({
  state,
  reason,
}: {
  readonly state: DeliveryState;
  readonly reason: string;
}): ErrorClass {
  const word = reason.slice(0, reason.indexOf(' '));
  return classifyFailure(state, { class: word, code: word }) ?? 'internal';
}

function sum(rows: readonly { readonly count: number }[]): number {
  return rows.reduce((all, { count }) => all + count, 0);
}

function summed<Row extends { readonly count: number }, Value extends string>(
  rows: readonly Row[],
  valueOf: (row: Row) => Value,
): Counted<Value>[] {
  const counts = new Map<Value, number>();
  for (const row of rows) counts.set(valueOf(row), (counts.get(valueOf(row)) ?? 0) + row.count);
  return [...counts].map(([value, count]) => ({ value, count })).sort((a, b) => b.count - a.count);
}
