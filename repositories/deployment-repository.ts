import { LeonoreError } from '../domain/errors.js';
import { type Database } from './database.js';
import { isUniqueViolation } from './database-errors.js';

/** A named set of gateways: a list, or a selector over labels and profile. */
export interface Deployment {
  readonly id: string;
  readonly name: string;
  readonly gatewayIds: readonly string[];
  readonly selector: string | null;
  readonly createdAt: Date;
}

export class DeploymentRepository {
  constructor(private readonly database: Database) {}

  /** @throws LeonoreError DEPLOYMENT_EXISTS */
  async create(
    name: string,
    members: { gatewayIds: readonly string[]; selector: string | null },
  ): Promise<Deployment> {
    try {
      return await this.database.deployment.create({
        data: { name, gatewayIds: [...members.gatewayIds], selector: members.selector },
      });
    } catch (error) {
      if (isUniqueViolation(error))
        throw new LeonoreError('DEPLOYMENT_EXISTS', `there is a deployment "${name}" already`);
      throw error;
    }
  }

  /** @throws LeonoreError DEPLOYMENT_NOT_FOUND */
  async get(name: string): Promise<Deployment> {
    const row = await this.database.deployment.findUnique({ where: { name } });
    if (row === null) throw new LeonoreError('DEPLOYMENT_NOT_FOUND', `there is no deployment "${name}"`);
    return row;
  }

  /** By name, a page at a time; the cursor is the last name of the page before. */
  async list(
    limit: number,
    cursor: string | null,
  ): Promise<{ items: Deployment[]; nextCursor: string | null }> {
    const rows = await this.database.deployment.findMany({
      ...(cursor === null ? {} : { where: { name: { gt: cursor } } }),
      orderBy: { name: 'asc' },
      take: limit + 1,
    });
    const items = rows.slice(0, limit);
    return { items, nextCursor: rows.length > limit ? (items.at(-1)?.name ?? null) : null };
  }
}
