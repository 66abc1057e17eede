import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import type { Static, TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { coapQuery, contentFormats } from '../../domain/agent-protocol/coap.js';
import { numberAs } from '../../domain/agent-protocol/coap-message.js';
import {
  devicePaths,
  ProfileUpdateSchema,
  RegisterRequestSchema,
  type PendingResponse,
  type RegisterResponse,
} from '../../domain/agent-protocol/messages.js';
import {
  renderPendingText,
  renderRegistrationText,
  renderTasksText,
} from '../../domain/agent-protocol/text-form.js';
import { ProofHeadersSchema, proofHeaders } from '../../domain/agent-protocol/registration-proof.js';
import { LeonoreError } from '../../domain/errors.js';
import { plainTokenOf } from '../../trust/plain-token.js';
import type { KeyProof } from '../client-enrolment.js';
import type { AddressRules, HandlerContext } from '../gateway-handler.js';
import { issueGatewayToken } from '../gateway-token.js';
import { ReportsBodySchema } from '../reports-body.js';
import { readCbor } from './cbor.js';
import { contentOf, formOf, tagOf, type Content } from './content.js';
import type { ReadRequest } from './read-request.js';

export interface DeviceResourcesOptions extends Pick<HandlerContext, 'service' | 'clients' | 'blobs'> {
  /** Name of the protocol. */
  readonly protocol: string;
  readonly pushAddresses: AddressRules;
  /** Seconds between two polls that gateways are told. */
  readonly pollSeconds: number;
}

/** A request, with its whole body. */
export interface ResourceRequest extends Pick<
  ReadRequest,
  'method' | 'path' | 'query' | 'etags' | 'accepts' | 'format'
> {
  readonly token: string;
  readonly body: Buffer;
  /** Where it comes from. */
  readonly address: string;
}

const digestPattern = /^[0-9a-f]{64}$/;
/** Of the tag of an answer, the bytes that say what there is to do; the others tell two writings of that apart. */
const versionBytes = 6;
/** Between two questions of a gateway that a person has to approve, at least. */
const leastPendingSeconds = 10;

/** The device API over CoAP (domain/agent-protocol/coap.ts). */
export class DeviceResources {
  constructor(private readonly options: DeviceResourcesOptions) {}

  /** @throws LeonoreError what the device service throws; ROUTE_NOT_FOUND, METHOD_NOT_ALLOWED, MALFORMED_INPUT */
  async answer(request: ResourceRequest): Promise<Content> {
    const { method, path, token } = request;
    const { service } = this.options;
    switch (`${method} ${path}`) {
      case `POST ${devicePaths.register}`:
        return this.register(request);
      case `GET ${devicePaths.tasks}`:
        return this.tasks(request);
      case `POST ${devicePaths.reports}`: {
        const { reports } = bodyOf(request, ReportsBodySchema);
        return formOf(request.accepts, '2.04', await service.report(token, reports));
      }
      case `PUT ${devicePaths.profile}`:
        await service.updateProfile(token, bodyOf(request, ProfileUpdateSchema).profile);
        return contentOf(Buffer.alloc(0), { code: '2.04' });
    }
    if (isMethodOther(method, path))
      throw new LeonoreError('METHOD_NOT_ALLOWED', `nothing is to be had by ${method} there`);
    const [name = '', part, ...more] = below(devicePaths.packages, path);
    if (more.length === 0 && digestPattern.test(name)) {
      if (part === undefined) return this.package(token, name);
      if (`/${part}` === devicePaths.statements)
        return formOf(request.accepts, '2.05', await service.statements(token, name));
    }
    const [file, ...others] = below(devicePaths.trust, path);
    if (file !== undefined && others.length === 0)
      return contentOf(Buffer.from(await service.trustFile(token, file)), { code: '2.05' });
    throw new LeonoreError('ROUTE_NOT_FOUND', 'there is no such resource');
  }

  private async tasks(request: ResourceRequest): Promise<Content> {
    const { token, query, etags, accepts, address } = request;
    const run = query.get(coapQuery.run);
    const answer = await this.options.service
      .tasks(token, run === undefined ? null : { run, address })
      .catch((error: unknown) => this.notTold(token, error));
    const { tasks, orders, profileWanted, version } = answer;
    const tag = tagOf(version, versionBytes);
    const known = etags.find((etag) => etag.subarray(0, versionBytes).equals(tag));
    if (known !== undefined && !profileWanted)
      return { ...contentOf(Buffer.alloc(0), { code: '2.03' }), options: [{ name: 'ETag', value: known }] };
    const response = {
      tasks: [...tasks],
      ...(orders.length === 0 ? {} : { orders: [...orders] }),
      profileWanted,
    };
    const content = formOf(accepts, '2.05', response, () => renderTasksText(response));
    // Signed anew it is the same work in other bytes, of which no two blocks may be put together.
    return { ...content, etag: Buffer.concat([tag, content.etag?.subarray(0, 2) ?? Buffer.alloc(0)]) };
  }

  /** What a device with this protocol alone cannot be told now it can never be told. */
  private async notTold(token: string, error: unknown): Promise<never> {
    const { service, protocol } = this.options;
    if (error instanceof LeonoreError && error.code === 'CHANNEL_NOT_PRIVATE') {
      const { protocols = [] } = await service.profile(token);
      if (protocols.every((name) => name === protocol))
        await service.failUntold(
          token,
          `Secret values are not told over ${protocol}, and it has no other channel.`,
        );
    }
    throw error;
  }

  private async package(token: string, digest: string): Promise<Content> {
    const { service, blobs } = this.options;
    const sizeBytes = await service.admitDownload(token, digest);
    return {
      code: '2.05',
      format: contentFormats.octets,
      etag: Buffer.from(digest.slice(0, 16), 'hex'),
      sizeBytes,
      heldBytes: 0,
      async read(start, end) {
        if (end <= start) return Buffer.alloc(0);
        const whole = await blobs.inMemory(digest);
        if (whole !== null) return whole.subarray(start, end);
        // It may have gone since it was admitted: then it is built again, and that is what is said.
        await service.admitDownload(token, digest);
        return buffer(await blobs.open(digest, { start, end: end - 1 }));
      },
    };
  }

  private async register(request: ResourceRequest): Promise<Content> {
    const { clients, pushAddresses, pollSeconds } = this.options;
    const { token: enrolment, accepts, address } = request;
    const { profile, pushAddress, agentVersion, pollIntervalSeconds } = bodyOf(
      request,
      RegisterRequestSchema,
    );
    if (pushAddress !== undefined) pushAddresses.check(pushAddress, address);
    const { token: newToken } = issueGatewayToken(profile.id);
    const outcome = await clients.register({
      ...{ profile, newToken, address, pollSeconds },
      enrolment: enrolment === '' ? null : enrolment,
      keyProof: keyProofIn(request),
      pushAddress: pushAddress ?? null,
      agentVersion: agentVersion ?? null,
      ownPollSeconds: pollIntervalSeconds ?? null,
    });
    if ('pending' in outcome) {
      const retryAfterSeconds = Math.max(leastPendingSeconds, Math.ceil(pollSeconds));
      const answer: PendingResponse = { gatewayId: profile.id, state: 'pending', retryAfterSeconds };
      const content = formOf(accepts, '5.03', answer, () => renderPendingText(answer));
      return { ...content, options: [numberAs('Max-Age', retryAfterSeconds)] };
    }
    const answer: RegisterResponse = {
      gatewayId: profile.id,
      ...(outcome.keepsToken ? {} : { token: plainTokenOf(newToken) }),
      node: outcome.node,
      ...outcome.agreement.channel,
      endpoints: outcome.endpoints,
      pollIntervalSeconds: pollSeconds,
    };
    return formOf(accepts, '2.04', answer, () => renderRegistrationText(answer));
  }
}

/**
 * What the query says of the device's own key; null when it says nothing.
 * @throws LeonoreError MALFORMED_INPUT
 */
function keyProofIn({ query, body }: ResourceRequest): KeyProof | null {
  const said = (['key', 'counter', 'proof'] as const).flatMap((name) => {
    const value = query.get(coapQuery[name]);
    return value === undefined ? [] : [[proofHeaders[name], value] as const];
  });
  if (said.length === 0) return null;
  const headers = Object.fromEntries(said);
  if (!Value.Check(ProofHeadersSchema, headers))
    throw new LeonoreError('MALFORMED_INPUT', 'key, counter or proof in the query have not their form');
  return { headers, bodySha256: createHash('sha256').update(body).digest('hex') };
}

const methodOf: Readonly<Record<string, string>> = {
  [devicePaths.register]: 'POST',
  [devicePaths.tasks]: 'GET',
  [devicePaths.reports]: 'POST',
  [devicePaths.profile]: 'PUT',
};

/** Whether there is something at the path, and it is asked for in another way. */
function isMethodOther(method: string, path: string): boolean {
  const known = methodOf[path];
  return known === undefined ? method !== 'GET' : known !== method;
}

/** The names of a path that follow on another. */
function below(parent: string, path: string): string[] {
  return path.startsWith(`${parent}/`) ? path.slice(parent.length + 1).split('/') : [];
}

/** @throws LeonoreError MALFORMED_INPUT */
function bodyOf<T extends TSchema>({ body, format }: ResourceRequest, schema: T): Static<T> {
  const isCbor = format === contentFormats.cbor;
  let value: unknown;
  try {
    value = isCbor ? readCbor(body) : JSON.parse(body.toString('utf8'));
  } catch {
    throw new LeonoreError('MALFORMED_INPUT', `the body is not ${isCbor ? 'CBOR' : 'JSON'}`);
  }
  if (Value.Check(schema, value)) return value;
  const [first] = Value.Errors(schema, value);
  throw new LeonoreError('MALFORMED_INPUT', `body${first?.instancePath ?? ''} ${first?.message ?? ''}`);
}
