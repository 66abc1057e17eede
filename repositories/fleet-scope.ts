import { parseScope, type Scope } from '../domain/access/scope.js';
import { Prisma } from '../prisma/generated/client.js';
import { selectorSql } from './selector-sql.js';

/**
 * The part of the fleet that repositories show and change, as conditions for PostgreSQL: the one place where a scope
 * becomes one.
 *
 * INVARIANT: what is about gateways reads and writes rows within the scope alone. A gateway outside is one that there is
 * not; so is whatever is about a gateway outside besides others.
 */
export class FleetScope {
  /** As a row keeps it: selectors of which any must match; none: the whole fleet. */
  readonly column: readonly string[];
  /** On the row `g` of `gateway`. */
  readonly gateway: Prisma.Sql;
  /** On the row `d` of `deployment`: it was made within the scope. */
  readonly deployment: Prisma.Sql;
  /** On the row `r` of `rollout`: all its gateways are within the scope; while it has none, it was asked for within it. */
  readonly rollout: Prisma.Sql;
  /** On the row `k` of `campaign`: as of a rollout; its gateways are its members. */
  readonly campaign: Prisma.Sql;
  /** On the row `w` of `wanted_state`: its deployment was made within the scope. */
  readonly wantedState: Prisma.Sql;
  /** On the row `w` of `webhook`: it was made within the scope. */
  readonly webhook: Prisma.Sql;

  constructor(readonly scope: Scope) {
    if (scope === 'fleet') {
      this.column = [];
      this.gateway = this.deployment = this.rollout = this.campaign = Prisma.sql`true`;
      this.wantedState = this.webhook = this.gateway;
      return;
    }
    this.column = scope;
    this.gateway = anyOf(scope);
    const madeWithin = (row: Prisma.Sql) =>
      Prisma.sql`(${row}.scopes <> '{}' AND ${row}.scopes <@ ${[...scope]}::text[])`;
    this.deployment = madeWithin(Prisma.sql`d`);
    this.webhook = madeWithin(Prisma.sql`w`);
    this.rollout = Prisma.sql`(NOT EXISTS (
        SELECT FROM delivery od LEFT JOIN gateway g ON g.id = od.gateway_id
        WHERE od.rollout_id = r.id AND (${this.gateway}) IS NOT TRUE)
      AND (${madeWithin(Prisma.sql`r`)} OR EXISTS (SELECT FROM delivery od WHERE od.rollout_id = r.id)))`;
    this.campaign = Prisma.sql`(NOT EXISTS (
        SELECT FROM campaign_member om LEFT JOIN gateway g ON g.id = om.gateway_id
        WHERE om.campaign_id = k.id AND (${this.gateway}) IS NOT TRUE)
      AND (${madeWithin(Prisma.sql`k`)} OR EXISTS (SELECT FROM campaign_member om WHERE om.campaign_id = k.id)))`;
    this.wantedState = Prisma.sql`EXISTS (
      SELECT FROM deployment d WHERE d.name = w.deployment AND ${this.deployment})`;
  }
}

/** The whole fleet: what processes work with that act for nobody. */
export const wholeFleet = new FleetScope('fleet');

/** What a row is kept within, see {@link FleetScope.column}. */
export function scopeOfColumn(column: readonly string[]): Scope {
  const [first, ...others] = column;
  return first === undefined ? 'fleet' : [first, ...others];
}

/** The gateways that a row is kept within, see {@link FleetScope.column}; on the row `g` of `gateway`. */
export function withinColumn(column: readonly string[]): Prisma.Sql {
  const scope = scopeOfColumn(column);
  return scope === 'fleet' ? wholeFleet.gateway : anyOf(scope);
}

function anyOf(scopes: readonly string[]): Prisma.Sql {
  return Prisma.join(
    scopes.map((scope) => selectorSql(parseScope(scope))),
    ' OR ',
    '(',
    ')',
  );
}
