/**
 * How far applications and scripts are kept from the system and from the agent:
 *   full  an own user without privileges, and a view of the file system in which the container is the only place that
 *         can be written and the agent's own directory is empty
 *   user  an own user without privileges alone: what everybody may write elsewhere, such as /tmp, it may, too
 *   none  the agent's own user: nothing is kept from them
 */
export const isolationLevels = ['full', 'user', 'none'] as const;
export type IsolationLevel = (typeof isolationLevels)[number];
