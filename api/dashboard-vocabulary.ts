import { deliveryStates, endedStates, openStates, troubleStates } from '../domain/delivery/state.js';
import { errorKinds } from '../domain/errors.js';
import { endedRolloutStates } from '../domain/rollout/state.js';
import { stepNames } from '../domain/rollout/steps.js';

/** The words of the domain that the dashboard needs, as an ES module: its pages spell none of them out. */
export function dashboardVocabulary(): string {
  const awaitedByCode = Object.fromEntries(
    Object.entries(errorKinds).flatMap(([code, { awaited }]) =>
      awaited === undefined ? [] : [[code, awaited]],
    ),
  );
  const words = {
    deliveryStates,
    openStates,
    endedStates,
    troubleStates,
    endedRolloutStates,
    stepNames,
    awaitedByCode,
  };
  const lines = Object.entries(words).map(
    ([name, value]) => `export const ${name} = Object.freeze(${JSON.stringify(value)});\n`,
  );
  return lines.join('');
}
