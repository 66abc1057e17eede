/** The states of the domain as SQL: no statement spells one out that the domain groups. */
import { endedStates, returningStates, workStates } from '../../domain/delivery/state.js';
import { deliveryEvents, type DeliveryEvent } from '../../domain/delivery/events.js';
import { Prisma } from '../../prisma/generated/client.js';

/** `('a', 'b')`, for `IN`. The states are identifiers of our own: they hold nothing to be escaped. */
function inStates(states: readonly string[]): string {
  return `(${states.map((state) => `'${state}'`).join(', ')})`;
}

/**
 * The state of a delivery `d` whose chunk is `c` (null when it has none): that it is offered stands with its chunk,
 * once for all.
 */
export const stateOf = `CASE WHEN d.state = 'pending' AND c.offered_at IS NOT NULL THEN 'offered' ELSE d.state END`;

export const sqlStateOf = Prisma.raw(stateOf);
export const sqlReturning = Prisma.raw(inStates(returningStates));
/** States as they are stored in which a gateway is at work. */
export const sqlWork = Prisma.raw(inStates(workStates));

/** The states from which an event may happen. */
export function sqlFrom(event: DeliveryEvent): Prisma.Sql {
  return Prisma.raw(inStates(deliveryEvents[event].from));
}

/** True for a state in which nothing more is waited for, in SQL over the column `state`. */
export function isEndedSql(column: string): string {
  return `${column} IN ${inStates(endedStates)}`;
}
