import type { WantedMember } from '../client/resources.js';

/** What each standing is called for people. */
export const standingWords: Readonly<Record<WantedMember['standing'], string>> = {
  held: 'as wanted',
  drifted: 'to be brought there',
  moving: 'on the way',
  cannot: 'cannot',
  silent: 'silent',
  conflict: 'in conflict',
};
