import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { canonicalJson } from '../domain/canonical-json.js';
import { Text } from '../domain/text.js';
import type { Access } from './access.js';

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

/** How a request is known again. */
export interface RequestIdentity {
  /** Null when the caller gave no key. Keys belong to whoever uses them: two callers may use the same. */
  readonly idempotencyKey: string | null;
  /** Of what is asked for: the same key with another is refused. */
  readonly requestDigest: string;
}

/** @param asked what the request asks for, with what it leaves to defaults filled in; plain JSON */
export function requestIdentity(
  access: Access,
  request: FastifyRequest<{ Headers: { 'idempotency-key'?: string } }>,
  asked: unknown,
): RequestIdentity {
  const key = request.headers['idempotency-key'];
  return {
    idempotencyKey: key === undefined ? null : sha256(`${access.principalOf(request)} ${key}`),
    requestDigest: sha256(canonicalJson(asked)),
  };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
