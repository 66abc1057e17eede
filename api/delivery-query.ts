import Type from 'typebox';
import { errorClasses } from '../domain/campaign/error-class.js';
import { troubleStates } from '../domain/delivery/state.js';
import { limits } from '../domain/limits.js';
import { Text } from '../domain/text.js';
import { UuidParamsSchema } from './schemas/common.js';

/** What may be asked of deliveries besides their state; in an address, where everything is a text. */
export const deliveryFilterProperties = {
  select: Type.Optional(
    Text(limits.selectorLength, { minLength: 1, description: 'A selector over the gateway' }),
  ),
  text: Type.Optional(
    Text(200, {
      minLength: 1,
      description: "Part of the gateway's id, name, mac or a label, in whatever case",
    }),
  ),
  node: Type.Optional(Text(128, { description: 'The node that it was with' })),
  class: Type.Optional(Type.Enum([...errorClasses], { description: 'What kind of failure it was' })),
  reason: Type.Optional(Type.String({ pattern: '^[0-9a-f]{16}$', description: 'Key of a reason' })),
};

/** What may be asked of what ended badly in the fleet. */
export const troubleFilterProperties = {
  ...deliveryFilterProperties,
  state: Type.Optional(
    Type.Enum([...troubleStates], { description: 'As what it ended; default: all of these' }),
  ),
  rollout: Type.Optional(UuidParamsSchema.properties.id),
  campaign: Type.Optional(UuidParamsSchema.properties.id),
  sinceHours: Type.Optional(
    Type.String({
      pattern: '^([1-9]|[1-9][0-9]|[1-6][0-9]{2}|7[01][0-9]|720)$',
      description: 'Ended within so many hours, 1 to 720 (default 168)',
    }),
  ),
};

const defaultHours = 168;

export function withinHours(sinceHours: string | undefined): number {
  return sinceHours === undefined ? defaultHours : Number(sinceHours);
}
