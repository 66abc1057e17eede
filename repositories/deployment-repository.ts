import { LeonoreError } from '../domain/errors.js';
import type { DeploymentMode } from '../domain/rollout/deployment-mode.js';
import { parseSelector } from '../domain/selector/selector.js';
import { Prisma } from '../prisma/generated/client.js';
import { inTransaction, type Database, type Transaction } from './database.js';
import { isForeignKeyViolation, isUniqueViolation } from './database-errors.js';
import { withinColumn, type FleetScope } from './fleet-scope.js';
import { selectorSql } from './selector-sql.js';
import { pageOf } from './page.js';

/** Who belongs to a deployment: a list, which is frozen, or a selector over labels and profile. */
export interface DeploymentContent {
  readonly gatewayIds: readonly string[];
  readonly selector: string | null;
  /** Default: live for a selector, frozen for a list. */
  readonly mode?: DeploymentMode;
}

/** A named set of gateways. */
export interface Deployment extends Required<DeploymentContent> {
  readonly id: string;
  readonly name: string;
  /** Within which it was made: its gateways are those of them, see FleetScope. */
  readonly scopes: readonly string[];
  readonly createdAt: Date;
}

/**
 * Deployments. They may change and go: a rollout whose gateways are resolved (step ii) keeps them, and one that is not
 * yet resolved takes those that there are then.
 *
 * INVARIANT: the members of a frozen selector are stored by the statement's transaction that stores the selector; no
 * deployment goes while a rollout that has not ended names it.
 */
export class DeploymentRepository {
  constructor(
    private readonly database: Database,
    private readonly fleet: FleetScope,
  ) {}

  /** @param within the transaction that it is part of. @throws LeonoreError DEPLOYMENT_EXISTS */
  async create(name: string, content: DeploymentContent, within?: Transaction): Promise<Deployment> {
    const { gatewayIds, selector } = content;
    const mode = modeOf(content);
    const create = async (tx: Transaction): Promise<Deployment> => {
      const scopes = [...this.fleet.column];
      const row = await tx.deployment.create({
        data: { name, gatewayIds: [...gatewayIds], selector, mode, scopes },
      });
      await freeze(tx, row.id, { selector, mode, scopes });
      return toDeployment(row);
    };
    try {
      return await (within === undefined ? inTransaction(this.database, create) : create(within));
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      throw new LeonoreError('DEPLOYMENT_EXISTS', `there is a deployment "${name}" already`);
    }
  }

  /**
   * Other members under the same name; a frozen selector is looked up now.
   * @throws LeonoreError DEPLOYMENT_NOT_FOUND
   */
  async change(name: string, content: DeploymentContent): Promise<Deployment> {
    const { gatewayIds, selector } = content;
    const mode = modeOf(content);
    return inTransaction(this.database, async (tx) => {
      const id = await this.lock(tx, name);
      await tx.deploymentMember.deleteMany({ where: { deploymentId: id } });
      const row = await tx.deployment.update({
        where: { id },
        data: { gatewayIds: [...gatewayIds], selector, mode },
      });
      await freeze(tx, id, { selector, mode, scopes: row.scopes });
      // Wanted states hold for others from now on.
      await tx.wantedState.updateMany({
        where: { deployment: name, endedAt: null },
        data: { lookedAfter: '' },
      });
      return toDeployment(row);
    });
  }

  /**
   * What has ended keeps its name.
   * @throws LeonoreError DEPLOYMENT_NOT_FOUND; DEPLOYMENT_IN_USE while something that has not ended needs it
   */
  async remove(name: string): Promise<void> {
    try {
      await inTransaction(this.database, async (tx) => {
        const id = await this.lock(tx, name);
        // Who begins a rollout for it now waits for the lock, and finds it gone.
        const [user] = await tx.$queryRaw<{ id: string }[]>`
          SELECT id::text FROM rollout WHERE deployment_id = ${id}::uuid AND ended_at IS NULL LIMIT 1`;
        if (user !== undefined) throw inUse(name, `rollout ${user.id} has not ended`);
        const wanted = await tx.wantedState.findFirst({ where: { deployment: name, endedAt: null } });
        if (wanted !== null) throw inUse(name, `wanted state ${wanted.id} has not ended`);
        await tx.deployment.delete({ where: { id } });
      });
    } catch (error) {
      if (isForeignKeyViolation(error)) throw inUse(name, 'something needs it');
      throw error;
    }
  }

  private async lock(tx: Transaction, name: string): Promise<string> {
    const [row] = await tx.$queryRaw<{ id: string }[]>`
      SELECT d.id::text FROM deployment d WHERE d.name = ${name} AND ${this.fleet.deployment} FOR UPDATE`;
    if (row === undefined) throw noDeployment(name);
    return row.id;
  }

  /** @throws LeonoreError DEPLOYMENT_NOT_FOUND */
  async get(name: string): Promise<Deployment> {
    const [deployment] = await this.named(Prisma.sql`d.name = ${name}`, 1);
    if (deployment === undefined) throw noDeployment(name);
    return deployment;
  }

  /** By name, a page at a time; the cursor is the last name of the page before. */
  async list(
    limit: number,
    cursor: string | null,
  ): Promise<{ items: Deployment[]; nextCursor: string | null }> {
    const found = await this.named(Prisma.sql`d.name > ${cursor ?? ''}`, limit + 1);
    return pageOf(found, limit, ({ name }) => name);
  }

  /** Those that a condition holds for, by name. */
  private async named(condition: Prisma.Sql, limit: number): Promise<Deployment[]> {
    return this.database.$queryRaw<Deployment[]>`
      SELECT d.id::text, d.name, d.gateway_ids AS "gatewayIds", d.selector, d.mode, d.scopes, d.created_at AS "createdAt"
      FROM deployment d WHERE ${condition} AND ${this.fleet.deployment} ORDER BY d.name LIMIT ${limit}`;
  }
}

export function noDeployment(name: string): LeonoreError {
  return new LeonoreError('DEPLOYMENT_NOT_FOUND', `there is no deployment "${name}"`);
}

function inUse(name: string, by: string): LeonoreError {
  return new LeonoreError('DEPLOYMENT_IN_USE', `the deployment "${name}" is needed: ${by}`);
}

function modeOf({ selector, mode }: DeploymentContent): DeploymentMode {
  return selector === null ? 'frozen' : (mode ?? 'live');
}

/** Looks a frozen selector up: who matches it now belongs to the deployment. */
async function freeze(
  tx: Transaction,
  deploymentId: string,
  { selector, mode, scopes }: { selector: string | null; mode: DeploymentMode; scopes: readonly string[] },
): Promise<void> {
  if (selector === null || mode === 'live') return;
  await tx.$executeRaw(Prisma.sql`
    INSERT INTO deployment_member (deployment_id, gateway_id)
    SELECT ${deploymentId}::uuid, g.id FROM gateway g
    WHERE g.state = 'active' AND ${selectorSql(parseSelector(selector))} AND ${withinColumn(scopes)}`);
}

function toDeployment(row: {
  id: string;
  name: string;
  gatewayIds: string[];
  selector: string | null;
  mode: string;
  scopes: string[];
  createdAt: Date;
}): Deployment {
  const { id, name, gatewayIds, selector, scopes, createdAt } = row;
  return { id, name, gatewayIds, selector, mode: row.mode as DeploymentMode, scopes, createdAt };
}
