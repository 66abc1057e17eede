import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { issueEnrolmentToken } from '../../connectivity/gateway-token.js';
import { LeonoreError } from '../../domain/errors.js';
import type { Enrolment } from '../../repositories/enrolment-repository.js';
import type { RouteOptions } from '../context.js';
import { IdempotencyHeadersSchema, requestIdentity } from '../idempotency.js';
import { NameSchema, problems } from '../schemas/common.js';
import { EnrolmentRequestSchema, EnrolmentSchema, NewEnrolmentSchema } from '../schemas/identity.js';

const tags = ['enrolments'];

/** Tokens with which gateways may enrol. */
export const enrolmentRoutes: FastifyPluginAsyncTypebox<RouteOptions> = async (app, { context }) => {
  const { enrolments, repeatedRequests } = context.repositories;

  app.post(
    '/enrolments',
    {
      schema: {
        tags,
        operationId: 'createEnrolment',
        summary: 'Make a token with which gateways may enrol; it is shown this once',
        headers: IdempotencyHeadersSchema,
        body: EnrolmentRequestSchema,
        response: { 201: NewEnrolmentSchema, ...problems },
      },
      config: { role: 'admin' },
    },
    async (request, reply) => {
      const identity = requestIdentity(request, { createEnrolment: request.body });
      const known = await repeatedRequests.resultOf(identity);
      // Its token is nowhere, so that it cannot be told again.
      if (known !== null)
        return reply.code(201).send({ enrolment: toWire(await enrolments.get(known)), token: null });
      const { approval = 'automatic', keyless = false, ...rest } = request.body;
      if (approval === 'person' && keyless) {
        throw new LeonoreError(
          'ENROLMENT_CONTRADICTS',
          'body/keyless, body/approval: what waits for approval must have a key, or nobody knows whom was approved',
        );
      }
      const { token, hash } = issueEnrolmentToken();
      const wanted = {
        name: rest.name,
        tokenHash: hash,
        ids: rest.ids ?? ['*'],
        labels: rest.labels ?? {},
        reportedLabels: rest.reportedLabels ?? [],
        nodeId: rest.nodeId ?? null,
        keyless,
        approval,
        most: rest.most ?? null,
        expiresInSeconds: rest.expiresInSeconds ?? null,
      };
      const { result, isNew } = await repeatedRequests.once(
        identity,
        async (tx) => (await enrolments.createIn(tx, wanted)).name,
      );
      const enrolment = toWire(await enrolments.get(result));
      return reply.code(201).send({ enrolment, token: isNew ? token : null });
    },
  );

  app.get(
    '/enrolments',
    {
      schema: {
        tags,
        operationId: 'listEnrolments',
        summary: 'All enrolments, by name; their tokens are not shown',
        response: { 200: Type.Object({ items: Type.Array(EnrolmentSchema) }), ...problems },
      },
      config: { role: 'operator' },
    },
    async () => ({ items: (await enrolments.list()).map(toWire) }),
  );

  app.delete(
    '/enrolments/:name',
    {
      schema: {
        tags,
        operationId: 'revokeEnrolment',
        summary: 'Its token is void at once; gateways that enrolled with it stay',
        params: Type.Object({ name: NameSchema }),
        response: { 204: Type.Null(), ...problems },
      },
      config: { role: 'admin' },
    },
    async (request, reply) => {
      await enrolments.revoke(request.params.name);
      return reply.code(204).send(null);
    },
  );
};

function toWire({ createdAt, expiresAt, ids, reportedLabels, ...rest }: Enrolment) {
  return {
    ...rest,
    ids: [...ids],
    reportedLabels: [...reportedLabels],
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt?.toISOString() ?? null,
  };
}
