import { orderActions } from '../agent-protocol/messages.js';

/**
 * What gateways may be ordered. All but `profile` are tasks for the gateway's agent; a fresh profile is what the answer to
 * its next poll asks for, and the order is carried out when that has come.
 */
export const orderedActions = [...orderActions, 'profile'] as const;

export type OrderedAction = (typeof orderedActions)[number];

/** Actions that are about all of a gateway, and so name no artifact. */
export const wholeGatewayActions: readonly OrderedAction[] = ['wipe', 'profile'];
