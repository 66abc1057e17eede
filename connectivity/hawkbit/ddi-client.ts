import type { FastifyRequest } from 'fastify';
import { LeonoreError } from '../../domain/errors.js';
import { enterOrRefuse } from '../client-enrolment.js';
import type { HandlerContext } from '../gateway-handler.js';
import { gatewayOfToken, tokenOfSecret } from '../gateway-token.js';
import { unknownDevice } from '../client-profile.js';
import { clientFormats } from './ddi-messages.js';

/** A device as its request says; nothing is proved yet. */
export interface DdiClient {
  readonly id: string;
  /** Under which the service knows it. */
  readonly token: string;
  /** What it came with. */
  readonly secret: string;
}

/** By a token of many devices, or by its own; LEONORE makes no difference: either admits the device that enrolled with it. */
const authorization = /^(?:GatewayToken|TargetToken) ([!-~]{1,512})$/i;

/** @throws LeonoreError UNAUTHENTICATED when the request brings no token of hawkBit's kinds */
export function clientOf({ headers }: Pick<FastifyRequest, 'headers'>, id: string): DdiClient {
  const secret = authorization.exec(headers.authorization ?? '')?.[1];
  if (secret === undefined)
    throw new LeonoreError('UNAUTHENTICATED', 'a GatewayToken or a TargetToken is needed');
  // A device that LEONORE knows otherwise may be given the token that it knows.
  const token = gatewayOfToken(secret) === id ? secret : tokenOfSecret(id, secret);
  return { id, token, secret };
}

/**
 * Does something for a client; one that is not known is entered first, if it may be.
 * @throws LeonoreError UNAUTHENTICATED when it may not, or waits for a person; whatever the action throws
 */
export async function forClient<T>(
  client: DdiClient,
  clients: HandlerContext['clients'],
  facts: { readonly protocol: string; readonly address: string; readonly pollSeconds: number },
  action: () => Promise<T>,
): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!isUnknown(error) || client.secret === client.token) throw error;
  }
  const { id, token, secret } = client;
  const { protocol, ...told } = facts;
  const profile = unknownDevice(id, protocol, clientFormats);
  await enterOrRefuse(clients, { profile, token, enrolment: secret, ...told });
  return action();
}

function isUnknown(error: unknown): boolean {
  return error instanceof LeonoreError && error.code === 'UNAUTHENTICATED';
}
