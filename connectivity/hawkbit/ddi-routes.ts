import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import { LeonoreError } from '../../domain/errors.js';
import { ClientDeliveries, type ClientDelivery } from '../client-deliveries.js';
import { profileWith } from '../client-profile.js';
import type { HandlerContext } from '../gateway-handler.js';
import { PackageFiles, type DeliveredFile } from '../package-files.js';
import { sendBlob } from '../send-blob.js';
import { actionIdOf } from './action-id.js';
import { clientOf, forClient, type DdiClient } from './ddi-client.js';
import {
  clientFormats,
  ConfigDataSchema,
  FeedbackSchema,
  modeIn,
  reportOf,
  sleepText,
} from './ddi-messages.js';

export interface DdiRoutesOptions extends Pick<HandlerContext, 'service' | 'clients' | 'blobs'> {
  readonly protocol: string;
  readonly tenant: string;
  /** Seconds between two polls. */
  readonly pollSeconds: number;
  /** Where clients find this server, without a path. */
  address(): string;
}

const PathParams = Type.Object({ tenant: Type.String(), id: Type.String() });
const ActionParams = Type.Object({ ...PathParams.properties, action: Type.String() });
const ArtifactParams = Type.Object({
  ...PathParams.properties,
  digest: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  place: Type.String({ pattern: '^[0-9]{1,4}$' }),
  fileName: Type.String(),
});

/** All requests of many devices may bring one token, so they are counted by address alone. */
const config = { tokenIsShared: true };

/** The DDI API, version 1, of hawkBit: poll, configData, deploymentBase, artifacts, feedback, cancelAction. */
export const ddiRoutes: FastifyPluginAsyncTypebox<DdiRoutesOptions> = async (app, options) => {
  const { service, clients, blobs, protocol, tenant, pollSeconds } = options;
  const deliveries = new ClientDeliveries(service, new PackageFiles(blobs));

  /** @throws LeonoreError ROUTE_NOT_FOUND for another tenant; UNAUTHENTICATED */
  function clientIn(
    request: FastifyRequest,
    params: { readonly tenant: string; readonly id: string },
  ): DdiClient {
    if (params.tenant.toLowerCase() !== tenant.toLowerCase())
      throw new LeonoreError('ROUTE_NOT_FOUND', 'there is no such tenant');
    return clientOf(request, params.id);
  }

  const baseOf = ({ id }: DdiClient): string =>
    `${options.address()}/${tenant}/controller/v1/${encodeURIComponent(id)}`;

  /** The delivery that an action stands for. @throws LeonoreError DELIVERY_NOT_FOUND */
  async function deliveryOf({ id, token }: DdiClient, action: string): Promise<ClientDelivery> {
    const isIt = (deliveryId: string): boolean => String(actionIdOf(deliveryId)) === action;
    const { delivery, withdrawn } = await deliveries.news(token);
    if (delivery !== null && isIt(delivery.deliveryId)) return delivery;
    const known = withdrawn ?? deliveries.known(id, isIt);
    if (known !== null && isIt(known.deliveryId)) return { ...known, isOpen: false };
    throw new LeonoreError('DELIVERY_NOT_FOUND', `this device has no action "${action.slice(0, 32)}"`);
  }

  /** Whom feedback comes from, and what it is about. @throws LeonoreError MALFORMED_INPUT; DELIVERY_NOT_FOUND; as {@link clientIn} */
  async function toldOf(
    request: FastifyRequest<{ Params: Static<typeof ActionParams>; Body: Static<typeof FeedbackSchema> }>,
  ): Promise<{ readonly client: DdiClient; readonly delivery: ClientDelivery }> {
    const client = clientIn(request, request.params);
    const { action } = request.params;
    refuseOther(request.body.id, action);
    return { client, delivery: await deliveryOf(client, action) };
  }

  app.get('/:tenant/controller/v1/:id', { config, schema: { params: PathParams } }, async (request) => {
    const client = clientIn(request, request.params);
    const facts = { protocol, address: request.ip, pollSeconds };
    const news = await forClient(client, clients, facts, () => deliveries.news(client.token));
    const base = baseOf(client);
    const link = (path: string) => ({ href: `${base}/${path}` });
    const { delivery, withdrawn, profileWanted } = news;
    return {
      config: { polling: { sleep: sleepText(pollSeconds) } },
      _links: {
        ...(withdrawn === null
          ? {}
          : { cancelAction: link(`cancelAction/${actionIdOf(withdrawn.deliveryId)}`) }),
        ...(delivery === null
          ? {}
          : {
              deploymentBase: link(
                `deploymentBase/${actionIdOf(delivery.deliveryId)}?c=${delivery.digest.slice(0, 8)}`,
              ),
            }),
        ...(profileWanted ? { configData: link('configData') } : {}),
      },
    };
  });

  app.put(
    '/:tenant/controller/v1/:id/configData',
    { config, schema: { params: PathParams, body: ConfigDataSchema } },
    async (request) => {
      const { token } = clientIn(request, request.params);
      const profile = profileWith(await service.profile(token), request.body, clientFormats);
      await service.updateProfile(token, profile);
      return {};
    },
  );

  app.get(
    '/:tenant/controller/v1/:id/deploymentBase/:action',
    { config, schema: { params: ActionParams } },
    async (request, reply) => {
      const client = clientIn(request, request.params);
      const delivery = await deliveryOf(client, request.params.action);
      if (!delivery.isOpen) return gone(reply);
      const files = await deliveries.files(client.token, delivery.digest);
      deliveries.begin(client.id, delivery);
      const base = `${baseOf(client)}/softwaremodules/${delivery.digest}`;
      return {
        id: request.params.action,
        deployment: {
          ...modeIn(delivery.task.switchWindows, Date.now() / 1_000),
          chunks: files.map((file, place) => chunkOf(file, `${base}/${place}`)),
        },
      };
    },
  );

  app.post(
    '/:tenant/controller/v1/:id/deploymentBase/:action/feedback',
    { config, schema: { params: ActionParams, body: FeedbackSchema } },
    async (request, reply) => {
      const { client, delivery } = await toldOf(request);
      try {
        await deliveries.report(client.token, client.id, delivery, reportOf(request.body));
      } catch (error) {
        if (error instanceof LeonoreError && error.code === 'DELIVERY_ENDED') return gone(reply);
        throw error;
      }
      return {};
    },
  );

  app.get(
    '/:tenant/controller/v1/:id/cancelAction/:action',
    { config, schema: { params: ActionParams } },
    async (request, reply) => {
      const client = clientIn(request, request.params);
      const { action } = request.params;
      const delivery = await deliveryOf(client, action);
      if (delivery.isOpen) return gone(reply);
      return { id: action, cancelAction: { stopId: action } };
    },
  );

  app.post(
    '/:tenant/controller/v1/:id/cancelAction/:action/feedback',
    { config, schema: { params: ActionParams, body: FeedbackSchema } },
    async (request, reply) => {
      const { client, delivery } = await toldOf(request);
      if (delivery.isOpen) return gone(reply);
      deliveries.forget(client.id);
      return {};
    },
  );

  app.route({
    method: ['GET', 'HEAD'],
    url: '/:tenant/controller/v1/:id/softwaremodules/:digest/:place/artifacts/:fileName',
    config,
    schema: { params: ArtifactParams },
    handler: async (request, reply) => {
      const { token } = clientIn(request, request.params);
      const { digest, place, fileName } = request.params;
      const file = (await deliveries.files(token, digest))[Number(place)];
      if (file?.fileName !== fileName) throw new LeonoreError('ROUTE_NOT_FOUND', 'there is no such artifact');
      return sendBlob(request, reply, blobs, { ...file, type: 'application/octet-stream' });
    },
  });
};

/** What hawkBit answers about an action that has ended. Its clients give it up then; a conflict they would try again. */
function gone(reply: FastifyReply): FastifyReply {
  return reply.code(410).send({ code: 'DELIVERY_ENDED', detail: 'the action has ended' });
}

/** @throws LeonoreError MALFORMED_INPUT when a body names another action than its path */
function refuseOther(id: string | number | undefined, action: string): void {
  if (id !== undefined && String(id) !== action)
    throw new LeonoreError('MALFORMED_INPUT', 'the feedback is about another action');
}

/** `bApp` is what clients of microcontrollers look for. */
function chunkOf({ artifact, fileName, sizeBytes, sha1, md5, sha256 }: DeliveredFile, base: string): object {
  const href = `${base}/artifacts/${encodeURIComponent(fileName)}`;
  const secure = href.startsWith('https:') ? { download: { href } } : {};
  return {
    part: artifact.kind === 'application' ? 'bApp' : 'os',
    name: artifact.name,
    version: artifact.version,
    artifacts: [
      {
        filename: fileName,
        hashes: { sha1, md5, sha256 },
        size: sizeBytes,
        // By this name clients look for what is not over TLS, and most of them for the other one as well.
        _links: { ...secure, 'download-http': { href } },
      },
    ],
  };
}
