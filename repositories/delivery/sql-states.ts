/** The states of the domain as SQL: no statement spells one out that the domain groups. */
import {
  type DeliveryState,
  endedStates,
  isEnded,
  returningStates,
  troubleStates,
  workStates,
} from '../../domain/delivery/state.js';
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
/** Ends that are not the one that is wanted. */
export const sqlEndedBadly = Prisma.raw(inStates(endedStates.filter((state) => state !== 'succeeded')));
/** Ends that somebody has to look at. */
export const sqlTrouble = Prisma.raw(inStates(troubleStates));
/** States as they are stored in which a gateway is at work. */
export const sqlWork = Prisma.raw(inStates(workStates));

/**
 * True for a delivery `d` of chunk `c` in a state, or in any. A state is spelt out, so that the indexes of few deliveries
 * (those that are open, those that ended badly) serve whoever asks for them.
 */
export function sqlInState(state: DeliveryState | null): Prisma.Sql {
  if (state === null) return Prisma.sql`true`;
  return Prisma.raw(
    isEnded(state) ? `d.state = '${state}'` : `d.ended_at IS NULL AND (${stateOf}) = '${state}'`,
  );
}

/** The states from which an event may happen. */
export function sqlFrom(event: DeliveryEvent): Prisma.Sql {
  return Prisma.raw(inStates(deliveryEvents[event].from));
}

/** True for a state in which nothing more is waited for, in SQL over the column `state`. */
export function isEndedSql(column: string): string {
  return `${column} IN ${inStates(endedStates)}`;
}
