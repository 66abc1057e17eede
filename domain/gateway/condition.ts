/** How a gateway stands, as people ask for it; one gateway may be several of them. */
export const gatewayConditions = [
  'online',
  'silent',
  'queued',
  'pending',
  'contested',
  'decommissioned',
] as const;
export type GatewayCondition = (typeof gatewayConditions)[number];

/** Pauses of a gateway between two polls; it is silent when so many have gone by without a word. */
export const missedPolls = 3;
/** That a gateway was heard of is written at most once in so many seconds. */
export const notedEverySeconds = 60;
/** Hours for which a registration by somebody else is a reason to look. */
export const contestedWithinHours = 24;
