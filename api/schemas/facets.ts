/** What a list holds, counted, as it goes over the wire. */
import Type, { type TSchema } from 'typebox';
import { gatewayConditions, type GatewayCondition } from '../../domain/gateway/condition.js';
import { toldValues } from '../../domain/gateway/facets.js';
import { InstantSchema } from './common.js';

export const CountedSchema = Type.Object({ value: Type.String(), count: Type.Integer() });

/** Of a list: how many there are, and how many have what. */
export function FacetsSchema<T extends Record<string, TSchema>>(facets: T) {
  return Type.Object({
    total: Type.Integer(),
    complete: Type.Boolean({
      description: 'False: there are more than are counted one by one, and the numbers are those of so many',
    }),
    countedAt: { ...InstantSchema, description: 'The moment that the numbers speak of' },
    facets: Type.Object(facets),
  });
}

export const ConditionCountsSchema = Type.Object(
  Object.fromEntries(gatewayConditions.map((name) => [name, Type.Integer()])) as Record<
    GatewayCondition,
    Type.TInteger
  >,
);

export const GatewayFacetsSchema = FacetsSchema({
  state: Type.Array(Type.Object({ value: Type.Enum([...gatewayConditions]), count: Type.Integer() }), {
    description: 'A gateway may be contested besides',
  }),
  artifact: Type.Array(
    Type.Object({
      value: Type.String({ description: 'name@version' }),
      name: Type.String(),
      version: Type.String(),
      count: Type.Integer(),
    }),
    { description: `The ${toldValues.artifact} that most have` },
  ),
  node: Type.Array(CountedSchema, { description: `The ${toldValues.node} that most have` }),
  protocol: Type.Array(CountedSchema, { description: 'Protocol and strategy' }),
  label: Type.Array(Type.Object({ key: Type.String(), values: Type.Array(CountedSchema) }), {
    description: `${toldValues.labelKeys} labels by name, and of each the ${toldValues.labelValues} values that most have`,
  }),
});

/** Samples that are told at once. */
export const toldSamples = 500;
/** Versions that are told of each. */
export const toldVersions = 30;

export const FleetHistorySchema = Type.Object({
  samples: Type.Array(
    Type.Object({
      at: InstantSchema,
      gateways: Type.Integer(),
      conditions: ConditionCountsSchema,
      versions: Type.Array(
        Type.Object({ name: Type.String(), version: Type.String(), gateways: Type.Integer() }),
        { description: `The ${toldVersions} that most had, or those of the artifact that was asked for` },
      ),
    }),
    { description: `At most ${toldSamples}, the oldest first; the older they are, the fewer were kept` },
  ),
});
