import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import Type from 'typebox';
import { windowState } from '../../domain/agent-protocol/switch-windows.js';
import { LeonoreError } from '../../domain/errors.js';
import { bearerToken } from '../../serving/bearer-token.js';
import { ClientDeliveries, type ClientDelivery } from '../client-deliveries.js';
import { enterOrRefuse } from '../client-enrolment.js';
import { profileWith, unknownDevice } from '../client-profile.js';
import type { HandlerContext } from '../gateway-handler.js';
import { gatewayOfToken, issueGatewayToken } from '../gateway-token.js';
import { PackageFiles } from '../package-files.js';
import { sendBlob } from '../send-blob.js';
import { readAuthRequest } from './auth-request.js';
import { DownloadLinks, validMs } from './download-links.js';
import {
  attributesOf,
  InventorySchema,
  LogSchema,
  logText,
  menderFormats,
  ProvidesSchema,
  reportOf,
  StatusSchema,
  type Status,
} from './mender-messages.js';

export interface MenderRoutesOptions extends Pick<HandlerContext, 'service' | 'clients' | 'blobs'> {
  readonly protocol: string;
  /** Name of the attribute of a device's identity that is its id. */
  readonly identity: string;
  /** Seconds between two polls. */
  readonly pollSeconds: number;
  /** Where clients find this server, without a path. */
  address(): string;
}

/** A deployment of Mender's is one file of a delivery. */
interface Deployment {
  readonly deliveryId: string;
  readonly place: number;
}

const ids = /^([0-9a-f.-]{1,60})_(\d{1,4})$/;
const DeploymentParams = Type.Object({ id: Type.String() });
const LinkParams = Type.Object({ link: Type.String({ pattern: '^[0-9a-f]{64}$' }), fileName: Type.String() });
const ProvidesQuery = Type.Object({ device_type: Type.Optional(Type.String({ maxLength: 256 })) });
const deployments = '/api/devices/v1/deployments/device/deployments';
/** A client sends all that it has written; the end of it is kept. */
const logBytes = 2 * 1024 * 1024;
const remembered = 50_000;

/** Mender's device API: authentication (v1), inventory (v1), deployments (v1, and v2 of the next one). */
export const menderRoutes: FastifyPluginAsyncTypebox<MenderRoutesOptions> = async (app, options) => {
  const { service, clients, blobs, protocol, identity, pollSeconds } = options;
  const deliveries = new ClientDeliveries(service, new PackageFiles(blobs));
  const links = new DownloadLinks();
  /** Which file of a delivery is next, when it is not the first. */
  const places = new LRUCache<string, number>({ max: remembered });
  let counter = 0;

  /** Above every one before, also of a process before: proofs of this protocol have none. */
  function nextCounter(): number {
    counter = Math.max(counter + 1, Date.now() * 1_000);
    return counter;
  }

  const jsonParser = app.getDefaultJsonParser('error', 'error');
  // What is signed are the bytes as they came.
  const bodies = new WeakMap<FastifyRequest, Buffer>();
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    bodies.set(request, body);
    void jsonParser(request, body.toString('utf8'), done);
  });

  app.post('/api/devices/v1/authentication/auth_requests', async (request, reply) => {
    const body = bodies.get(request) ?? Buffer.alloc(0);
    const signature = request.headers['x-men-signature'];
    const told = await readAuthRequest(body, typeof signature === 'string' ? signature : undefined, identity);
    const { token } = issueGatewayToken(told.id);
    await enterOrRefuse(clients, {
      profile: unknownDevice(told.id, protocol, menderFormats),
      token,
      enrolment: told.enrolment,
      key: { text: told.key, counter: nextCounter() },
      address: request.ip,
      pollSeconds,
    });
    return reply.type('application/jwt').send(token);
  });

  for (const method of ['PUT', 'PATCH'] as const) {
    app.route({
      method,
      url: '/api/devices/v1/inventory/device/attributes',
      schema: { body: InventorySchema },
      handler: async (request, reply) => {
        const token = tokenOf(request);
        const mode = method === 'PUT' ? 'replace' : 'merge';
        const told = { mode, data: attributesOf(request.body) } as const;
        await service.updateProfile(token, profileWith(await service.profile(token), told, menderFormats));
        return reply.code(200).send();
      },
    });
  }

  app.post(
    '/api/devices/v2/deployments/device/deployments/next',
    { schema: { body: ProvidesSchema } },
    async (request, reply) => next(request, reply, request.body.device_provides.device_type),
  );
  app.get(`${deployments}/next`, { schema: { querystring: ProvidesQuery } }, async (request, reply) =>
    next(request, reply, request.query.device_type),
  );

  async function next(
    request: FastifyRequest,
    reply: FastifyReply,
    deviceType: string | undefined,
  ): Promise<FastifyReply> {
    const token = tokenOf(request);
    const delivery = await offered(token);
    if (delivery === null) return reply.code(204).send();
    const place = places.get(delivery.deliveryId) ?? 0;
    const file = (await deliveries.files(token, delivery.digest))[place];
    if (file === undefined) return reply.code(204).send();
    deliveries.begin(gatewayOfToken(token) ?? '', delivery);
    const { name, version } = file.artifact;
    const link = links.linkTo({ token, digest: delivery.digest, place });
    const path = `/api/devices/v1/deployments/files/${link}/${encodeURIComponent(file.fileName)}`;
    return reply.send({
      id: `${delivery.deliveryId}_${place}`,
      artifact: {
        id: file.sha256,
        artifact_name: `${name}-${version}`,
        source: { uri: `${options.address()}${path}`, expire: expiry(Date.now()) },
        // What it may have is planned; for which devices an artifact was made stands in the artifact too.
        device_types_compatible: [deviceType ?? ''],
      },
    });
  }

  /** What is to be done now. Its client cannot be told that something is withdrawn: its next status is answered so. */
  async function offered(token: string): Promise<ClientDelivery | null> {
    let news = await deliveries.news(token);
    if (news.withdrawn !== null) {
      deliveries.forget(gatewayOfToken(token) ?? '');
      news = await deliveries.news(token);
    }
    const windows = news.delivery?.task.switchWindows;
    // It installs what it has fetched: outside of a window it is told of nothing.
    const mayInstall = windows === undefined || windowState(windows, Date.now() / 1_000).state === 'open';
    return mayInstall ? news.delivery : null;
  }

  /** @throws LeonoreError DELIVERY_NOT_FOUND */
  async function deliveryOf(token: string, { deliveryId }: Deployment): Promise<ClientDelivery> {
    const isIt = (id: string): boolean => id === deliveryId;
    const { delivery, withdrawn } = await deliveries.news(token);
    if (delivery !== null && isIt(delivery.deliveryId)) return delivery;
    const known = withdrawn ?? deliveries.known(gatewayOfToken(token) ?? '', isIt);
    if (known !== null && isIt(known.deliveryId)) return { ...known, isOpen: false };
    throw new LeonoreError('DELIVERY_NOT_FOUND', 'this device has no such deployment');
  }

  app.put(
    `${deployments}/:id/status`,
    { schema: { params: DeploymentParams, body: StatusSchema } },
    async (request, reply) => {
      const token = tokenOf(request);
      const deployment = deploymentOf(request.params.id);
      const delivery = await deliveryOf(token, deployment);
      const place = places.get(deployment.deliveryId) ?? 0;
      // Told again of a file that is done with, as clients do whose answer was lost.
      if (deployment.place < place) return reply.code(204).send();
      await take(token, delivery, place, request.body);
      return reply.code(204).send();
    },
  );

  async function take(token: string, delivery: ClientDelivery, place: number, status: Status): Promise<void> {
    const gatewayId = gatewayOfToken(token) ?? '';
    const said = reportOf(status);
    const isOneOfMany =
      said.state === 'succeeded' && place + 1 < (await deliveries.files(token, delivery.digest)).length;
    if (isOneOfMany) {
      await deliveries.report(token, gatewayId, delivery, { state: 'installing', log: said.log });
      places.set(delivery.deliveryId, place + 1);
      return;
    }
    try {
      // The rest of a delivery is on its way as long as a file is to come.
      const isLater = place > 0 && said.state === 'downloading';
      await deliveries.report(token, gatewayId, delivery, isLater ? { ...said, state: 'installing' } : said);
    } catch (error) {
      const isEnded = error instanceof LeonoreError && error.code === 'DELIVERY_ENDED';
      if (!isEnded || !deliveries.isToldAs(gatewayId, delivery.deliveryId, said.state)) throw error;
    }
  }

  app.put(
    `${deployments}/:id/log`,
    { bodyLimit: logBytes, schema: { params: DeploymentParams, body: LogSchema } },
    async (request, reply) => {
      const { deliveryId } = deploymentOf(request.params.id);
      await service.keepLog(tokenOf(request), deliveryId, logText(request.body));
      return reply.code(204).send();
    },
  );

  app.route({
    method: ['GET', 'HEAD'],
    url: '/api/devices/v1/deployments/files/:link/:fileName',
    schema: { params: LinkParams },
    handler: async (request, reply) => {
      const linked = links.fileOf(request.params.link);
      if (linked === undefined) throw new LeonoreError('ROUTE_NOT_FOUND', 'there is no such file');
      const { token, digest, place } = linked;
      const file = (await deliveries.files(token, digest))[place];
      if (file?.fileName !== request.params.fileName)
        throw new LeonoreError('ROUTE_NOT_FOUND', 'there is no such file');
      return sendBlob(request, reply, blobs, { ...file, type: 'application/vnd.mender-artifact' });
    },
  });
};

/** @throws LeonoreError UNAUTHENTICATED */
function tokenOf({ headers }: Pick<FastifyRequest, 'headers'>): string {
  const token = bearerToken(headers.authorization);
  if (token === null) throw new LeonoreError('UNAUTHENTICATED', 'a token is needed: ask for authentication');
  return token;
}

/** @throws LeonoreError DELIVERY_NOT_FOUND */
function deploymentOf(id: string): Deployment {
  const [, deliveryId, place] = ids.exec(id) ?? [];
  if (deliveryId === undefined)
    throw new LeonoreError('DELIVERY_NOT_FOUND', 'this device has no such deployment');
  return { deliveryId, place: Number(place) };
}

/** When a link that is made now ends. @param nowMs Unix */
function expiry(nowMs: number): string {
  return new Date(nowMs + validMs).toISOString();
}
