import type { FastifyInstance, FastifyRequest } from 'fastify';
import { grantText, scopeOf } from '../domain/access/grant.js';
import type { Principal } from '../domain/access/principal.js';
import type { Role } from '../domain/access/role.js';
import { LeonoreError } from '../domain/errors.js';
import type { Repositories } from '../repositories/repositories.js';
import type { ApiContext } from './context.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may use the route; `anybody` where it needs no principal, or judges by itself who asks. */
    readonly role?: Role | 'anybody';
    /**
     * The route works with the request's repositories, or what it is about belongs to no gateway: whoever has the role
     * within a scope may use it. Others are for those alone who have the role for the whole fleet.
     */
    readonly scoped?: true;
  }
  interface FastifyRequest {
    /** Who asks, of a route that needs a role. */
    readonly principal: Principal;
    /** What the principal may see and change with the role that the route asks for: its part of the fleet, and no more. */
    readonly repositories: Repositories;
  }
}

interface Admitted {
  readonly principal: Principal;
  readonly repositories: Repositories;
}

/**
 * Lets requests pass by what the configuration of their routes says, before anything of them is read. A route that does
 * not say it cannot be registered.
 *
 * INVARIANT: a route that is not `scoped` is closed to whoever has the role within a scope alone.
 */
export function installAdmission(
  app: FastifyInstance,
  { access, repositories }: Pick<ApiContext, 'access' | 'repositories'>,
): void {
  const admitted = new WeakMap<FastifyRequest, Admitted>();
  const of = (request: FastifyRequest): Admitted => {
    const known = admitted.get(request);
    if (known === undefined) throw new Error(`${request.routeOptions.url} has no principal`);
    return known;
  };
  app.decorateRequest('principal', {
    getter() {
      return of(this).principal;
    },
  });
  app.decorateRequest('repositories', {
    getter() {
      return of(this).repositories;
    },
  });
  app.addHook('onRoute', ({ method, url, config }) => {
    if (config?.role === undefined)
      throw new Error(`${String(method)} ${url} does not say in its config which role it needs`);
  });
  app.addHook('onRequest', async (request) => {
    const { role, scoped = false } = request.routeOptions.config;
    if (request.is404 || role === 'anybody') return;
    // No route is without, and none may be let pass should there be one.
    if (role === undefined) throw new LeonoreError('FORBIDDEN', 'the route does not say who may use it');
    const principal = await access.principalOf(request);
    admitted.set(request, { principal, repositories: within(repositories, principal, role, scoped) });
  });
}

/**
 * What the principal of a request may see and change with another role than its route asks for: a part of what it does may
 * need more than the rest.
 * @throws LeonoreError FORBIDDEN
 */
export function repositoriesAs({ principal, repositories }: FastifyRequest, role: Role): Repositories {
  return within(repositories, principal, role, true);
}

/** @throws LeonoreError FORBIDDEN */
function within(repositories: Repositories, principal: Principal, role: Role, scoped: boolean): Repositories {
  const { name, grants } = principal;
  const scope = scopeOf(grants, role);
  const held = () => grants.map(grantText).join(', ');
  if (scope === null)
    throw new LeonoreError('FORBIDDEN', `"${name}" has the role ${held()}; ${role} is needed`);
  if (scope !== 'fleet' && !scoped)
    throw new LeonoreError(
      'FORBIDDEN',
      `"${name}" has the role ${held()}; ${role} for the whole fleet is needed`,
    );
  return repositories.within(scope);
}
