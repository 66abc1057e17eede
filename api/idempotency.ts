import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { canonicalJson } from '../domain/canonical-json.js';
import { Text } from '../domain/text.js';
import type { Repeatable } from '../repositories/repeated-request-repository.js';

/** Header of every POST that may be sent again without being done again. */
export const IdempotencyHeadersSchema = Type.Object({
  'idempotency-key': Type.Optional(
    Text(200, {
      minLength: 1,
      description:
        'Sent again by the same caller, the same key gives the same answer and starts nothing more',
    }),
  ),
});

/**
 * How a request is known again. Keys belong to whoever uses them: two callers may use the same.
 * @param asked what the request asks for, with what it leaves to defaults filled in; plain JSON
 */
export function requestIdentity(
  request: FastifyRequest<{ Headers: { 'idempotency-key'?: string } }>,
  asked: unknown,
): Repeatable {
  const key = request.headers['idempotency-key'];
  return {
    idempotencyKey: key === undefined ? null : sha256(`${request.principal.id} ${key}`),
    requestDigest: sha256(canonicalJson(asked)),
  };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
