import { includes, type Role } from './role.js';
import type { Scope } from './scope.js';

/** A role, and the gateways for which somebody has it. */
export interface Grant {
  readonly role: Role;
  /** A selector over labels; null: the whole fleet. */
  readonly scope: string | null;
}

/**
 * The gateways for which somebody may do what a role allows. Grants are not merged: what one of them allows holds within
 * the scope of that one.
 * @returns null when no grant has the role
 */
export function scopeOf(grants: readonly Grant[], role: Role): Scope | null {
  const scopes = new Set(grants.filter((grant) => includes(grant.role, role)).map(({ scope }) => scope));
  if (scopes.has(null)) return 'fleet';
  const [first, ...others] = [...scopes].filter((scope) => scope !== null).sort();
  return first === undefined ? null : [first, ...others];
}

/** A grant as people read it. */
export function grantText({ role, scope }: Grant): string {
  return scope === null ? role : `${role} where ${scope}`;
}
