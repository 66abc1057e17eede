import Type, { type TSchema } from 'typebox';

/**
 * An answer of server-sent events, as OpenAPI has it: the schema is that of each event, whose data is JSON.
 * @param data what `data` holds
 */
export function eventStream(description: string, data: TSchema) {
  const schema = Type.Object(
    {
      event: Type.String(),
      id: Type.Optional(Type.String()),
      data: Type.String({ contentMediaType: 'application/json', contentSchema: data }),
    },
    { description: 'An event' },
  );
  return { description, content: { 'text/event-stream': { schema } } };
}
