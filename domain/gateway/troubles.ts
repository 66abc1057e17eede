import type { GatewayProfile } from './profile.js';
import { counted } from '../units.js';

/** What is not as it should be on a gateway, by the state that it reported last: a line each, for people. */
export function troublesOf({ state }: GatewayProfile): string[] {
  if (state === undefined) return [];
  const { applications, damaged, rescued } = state;
  return [
    applications.flatMap(({ name, up, restarts, lastExit, check }) => {
      if (up && check === undefined) return [];
      const exit = lastExit === undefined ? '' : `, ended last with ${lastExit}`;
      const again = restarts === 0 ? '' : `, started again ${counted(restarts, 'time')}`;
      return [up ? `${name} does not pass its check: ${check ?? ''}` : `${name} is not up${exit}${again}`];
    }),
    damaged.map((name) => `files of ${name} are damaged`),
    rescued === undefined ? [] : [`the agent lost its memory: ${rescued}`],
  ].flat();
}

/** The same question to PostgreSQL, as a jsonpath over the profile: true where {@link troublesOf} finds something. */
export const troublesPath =
  '$.state ? (exists (@.applications[*] ? (@.up == false || exists (@.check))) || exists (@.damaged[*]) || exists (@.rescued))';
