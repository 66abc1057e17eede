/** What a principal may do: see, run the fleet, publish artifacts, approve campaigns, administer. */
export const roles = ['viewer', 'operator', 'publisher', 'approver', 'admin'] as const;
export type Role = (typeof roles)[number];

/** Who may change something may see it; an admin may do everything. */
const included: Readonly<Record<Role, readonly Role[]>> = {
  viewer: ['viewer'],
  operator: ['viewer', 'operator'],
  publisher: ['viewer', 'publisher'],
  approver: ['viewer', 'approver'],
  admin: roles,
};

/** Whether who has one role may do what another one asks for. */
export function includes(held: Role, asked: Role): boolean {
  return included[held].includes(asked);
}
