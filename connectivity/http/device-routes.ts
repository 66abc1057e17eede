import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type, { type TSchema } from 'typebox';
import {
  devicePaths,
  ProfileUpdateSchema,
  ReportsResponseSchema,
  runHeader,
  TasksResponseSchema,
} from '../../domain/agent-protocol/messages.js';
import { renderMetadataText, renderStatementsText } from '../../domain/agent-protocol/signed-text-form.js';
import { renderTasksText, wantsText } from '../../domain/agent-protocol/text-form.js';
import type { Envelope } from '../../domain/trust/metadata.js';
import type { BlobStore } from '../../repositories/blob-store.js';
import type { DeviceService } from '../device-service.js';
import { bearerToken } from '../../serving/bearer-token.js';
import { sendText } from '../../serving/send-text.js';
import type { HeldConnections } from './held-connections.js';
import { ReportsBodySchema } from '../reports-body.js';
import { sendBlob } from '../send-blob.js';

export interface DeviceRoutesOptions {
  readonly service: DeviceService;
  readonly blobs: BlobStore;
  readonly held: HeldConnections;
}

const DigestParamsSchema = Type.Object({ digest: Type.String({ pattern: '^[0-9a-f]{64}$' }) });

/** Without a schema for 304, which has no body at all: Fastify would announce the four bytes of a `null`. */
const tasksAnswers: Readonly<Record<string, TSchema>> = { 200: TasksResponseSchema };

/** The device API over HTTP (domain/agent-protocol/messages.ts). */
export const deviceRoutes: FastifyPluginAsyncTypebox<DeviceRoutesOptions> = async (
  app,
  { service, blobs, held },
) => {
  app.get(devicePaths.tasks, { schema: { response: tasksAnswers } }, async (request, reply) => {
    const run = request.headers[runHeader];
    const from = typeof run === 'string' ? { run, address: request.ip } : null;
    const answer = await service.tasks(bearerToken(request.headers.authorization), from);
    const etag = `W/"${answer.version}"`;
    reply.header('etag', etag).header('cache-control', 'no-store');
    // Asked for its profile again, a gateway that has not polled meanwhile knows the same answer: it is told all the same.
    const isKnown = request.headers['if-none-match'] === etag && !answer.profileWanted;
    if (isKnown) return reply.code(304).send();
    reply.header('vary', 'accept');
    const response = {
      tasks: [...answer.tasks],
      ...(answer.orders.length === 0 ? {} : { orders: [...answer.orders] }),
      profileWanted: answer.profileWanted,
    };
    if (!wantsText(request.headers.accept)) return response;
    return sendText(reply, renderTasksText(response));
  });

  app.get(
    `${devicePaths.packages}/:digest`,
    { schema: { params: DigestParamsSchema } },
    async (request, reply) => {
      const { digest } = request.params;
      const sizeBytes = await service.admitDownload(bearerToken(request.headers.authorization), digest);
      return sendBlob(request, reply, blobs, { sha256: digest, sizeBytes, type: 'application/gzip' });
    },
  );

  app.get(
    `${devicePaths.packages}/:digest${devicePaths.statements}`,
    { schema: { params: DigestParamsSchema } },
    async (request, reply) => {
      const { digest } = request.params;
      const statements = await service.statements(bearerToken(request.headers.authorization), digest);
      reply.header('cache-control', 'no-store').header('vary', 'accept');
      return wantsText(request.headers.accept)
        ? sendText(reply, renderStatementsText(statements))
        : statements;
    },
  );

  app.get(
    `${devicePaths.trust}/:file`,
    { schema: { params: Type.Object({ file: Type.String({ maxLength: 64 }) }) } },
    async (request, reply) => {
      const { file } = request.params;
      const text = await service.trustFile(bearerToken(request.headers.authorization), file);
      reply.header('cache-control', 'no-store').header('vary', 'accept');
      if (!wantsText(request.headers.accept)) return reply.type('application/json').send(text);
      return sendText(reply, renderMetadataText(JSON.parse(text) as Envelope<unknown>));
    },
  );

  app.get(devicePaths.notices, { exposeHeadRoute: false }, async (request, reply) => {
    const token = bearerToken(request.headers.authorization) ?? '';
    const gatewayId = await service.admitted(token);
    held.makeRoom(gatewayId);
    reply.hijack();
    held.hold(gatewayId, token, reply.raw);
    return reply;
  });

  app.post(
    devicePaths.reports,
    { schema: { body: ReportsBodySchema, response: { 200: ReportsResponseSchema } } },
    async (request) => service.report(bearerToken(request.headers.authorization), request.body.reports),
  );

  app.put(devicePaths.profile, { schema: { body: ProfileUpdateSchema } }, async (request, reply) => {
    await service.updateProfile(bearerToken(request.headers.authorization), request.body.profile);
    return reply.code(204).send();
  });
};
