import type { SelectableProfile } from '../domain/gateway/profile.js';
import type { GatewayRepository } from '../repositories/gateway-repository.js';

/** The gateways that a plan is made for, as they are read; each is the member that its delivery's ordinal names. */
export interface PlanningSubjects {
  /** A page at a time, from the first one at each call. */
  readonly readPages: () => AsyncGenerator<
    { readonly member: number; readonly profile: SelectableProfile }[]
  >;
  /** Those read so far. */
  readonly ordinals: ReadonlySet<number>;
  /** The state that a gateway named when it was read: its plan is for that one. */
  readonly startStateOf: (ordinal: number) => string | null;
}

/** @param chunk null: the gateways that have no plan yet; else those of the chunk that are to be planned anew */
export function planningSubjects(
  gateways: GatewayRepository,
  {
    rolloutId,
    nodeId,
    pageSize,
    chunk = null,
  }: { rolloutId: string; nodeId: string; pageSize: number; chunk?: number | null },
): PlanningSubjects {
  const ordinals = new Set<number>();
  const startStates = new Map<number, string>();
  return {
    ordinals,
    startStateOf: (ordinal) => startStates.get(ordinal) ?? null,
    async *readPages() {
      for await (const page of gateways.plannable(rolloutId, nodeId, pageSize, chunk)) {
        for (const { ordinal, profile } of page) {
          ordinals.add(ordinal);
          if (profile.state !== undefined) startStates.set(ordinal, profile.state.digest);
        }
        yield page.map(({ ordinal, profile }) => ({ member: ordinal, profile }));
      }
    },
  };
}
