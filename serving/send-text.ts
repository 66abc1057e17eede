import type { FastifyReply } from 'fastify';

/** Sends the text form of an answer, for agents without a JSON parser, past the serializer of the JSON form. */
export function sendText(reply: Pick<FastifyReply, 'type' | 'serializer'>, text: string): FastifyReply {
  return reply
    .type('text/plain; charset=utf-8')
    .serializer(() => text)
    .send(text);
}
