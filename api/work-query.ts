import Type, { type Static } from 'typebox';
import { Text } from '../domain/text.js';
import type { WorkFacets, WorkFilter } from '../repositories/work-filter.js';
import { CountedSchema, FacetsSchema } from './schemas/facets.js';

/** What may be asked of a list of rollouts or campaigns besides their state. */
export const workFilterProperties = {
  text: Type.Optional(
    Text(200, {
      minLength: 1,
      description: 'Part of id, requests, target or author, in whatever case',
    }),
  ),
  createdBy: Type.Optional(Text(200, { description: 'Name of who asked for it' })),
};

export const workSortProperties = {
  sort: Type.Optional(Type.Enum(['-created', 'created'], { description: 'default -created: newest first' })),
};

export const WorkFacetsSchema = FacetsSchema({
  state: Type.Array(CountedSchema),
  createdBy: Type.Array(CountedSchema, { description: 'Names of who asked for them' }),
});

export function workFilterOf({
  text,
  createdBy,
  state,
  sort,
}: {
  readonly text?: string;
  readonly createdBy?: string;
  readonly state?: string;
  readonly sort?: string;
}): WorkFilter {
  return { text, createdBy, state, oldestFirst: sort === 'created' };
}

export function workFacetsOnWire({ total, state, createdBy }: WorkFacets): Static<typeof WorkFacetsSchema> {
  return {
    total,
    complete: true,
    countedAt: new Date().toISOString(),
    facets: { state: [...state], createdBy: [...createdBy] },
  };
}
