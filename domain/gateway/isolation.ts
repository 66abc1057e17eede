/**
 * How far applications are kept from the system and from the agent: docs/gateway.md says what holds at each level. The
 * highest comes first.
 */
export const isolationLevels = ['full', 'user', 'none'] as const;
export type IsolationLevel = (typeof isolationLevels)[number];

/** Levels that an artifact can demand. */
export const demandableLevels = ['full', 'user'] as const satisfies readonly IsolationLevel[];

/** Names of the facts that hold at a level: where `full` holds, `user` does. */
export function isolationFacts(level: IsolationLevel): string[] {
  return demandableLevels
    .filter((least) => isolationLevels.indexOf(level) <= isolationLevels.indexOf(least))
    .map(isolationFact);
}

/** The name under which a level is demanded. */
export function isolationFact(level: (typeof demandableLevels)[number]): string {
  return `isolation-${level}`;
}
