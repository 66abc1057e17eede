/** A client of Mender's device API, as its documentation has it, for the contract of handlers and for what a client may do wrong. */
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import type { HandlerUnderTest } from '../../connectivity/testing/handler-contract.js';
import type { Report } from '../../domain/agent-protocol/messages.js';
import { askAsClient, type ClientAnswer, type ClientRequest } from './client-answer.js';

export interface MenderKey {
  readonly privateKey: KeyObject;
  /** In PEM. */
  readonly publicKey: string;
}

export function menderKey(kind: 'rsa' | 'ed25519' = 'ed25519', modulusLength = 2_048): MenderKey {
  const { publicKey, privateKey } =
    kind === 'rsa' ? generateKeyPairSync('rsa', { modulusLength }) : generateKeyPairSync('ed25519');
  return { privateKey, publicKey: publicKey.export({ type: 'spki', format: 'pem' }) as string };
}

/** One request. @param token null: without one */
export async function askMender(
  url: string,
  token: string | null,
  options: ClientRequest = {},
): Promise<ClientAnswer> {
  return askAsClient(url, token === null ? {} : { authorization: `Bearer ${token}` }, options);
}

/** A request for authentication. @param told what its body has; signed by the key, unless another signature is given */
export async function authenticate(
  address: string,
  { privateKey, publicKey }: MenderKey,
  told: { readonly id: unknown; readonly enrolment?: string },
  signature?: string,
): Promise<ClientAnswer> {
  const body = JSON.stringify({
    id_data: JSON.stringify({ mac: told.id }),
    pubkey: publicKey,
    ...(told.enrolment === undefined ? {} : { tenant_token: told.enrolment }),
  });
  const algorithm = privateKey.asymmetricKeyType === 'rsa' ? 'sha256' : null;
  const own = sign(algorithm, Buffer.from(body), privateKey).toString('base64');
  const headers = { 'x-men-signature': signature ?? own };
  const url = `${address}/api/devices/v1/authentication/auth_requests`;
  return askMender(url, null, { method: 'POST', body, headers });
}

const deployments = '/api/devices/v1/deployments/device/deployments';

/** What a device with a token asks and says. */
export function menderCalls(address: string, token: string) {
  return {
    next: (deviceType = 'board') =>
      askMender(`${address}/api/devices/v2/deployments/device/deployments/next`, token, {
        method: 'POST',
        body: { device_provides: { device_type: deviceType, artifact_name: 'factory' } },
      }),
    nextOfVersion1: () =>
      askMender(`${address}${deployments}/next?artifact_name=factory&device_type=board`, token),
    status: (id: string, status: unknown) =>
      askMender(`${address}${deployments}/${id}/status`, token, {
        method: 'PUT',
        body: typeof status === 'string' ? { status } : status,
      }),
    log: (id: string, body: unknown) =>
      askMender(`${address}${deployments}/${id}/log`, token, { method: 'PUT', body }),
    inventory: (body: unknown, method = 'PATCH') =>
      askMender(`${address}/api/devices/v1/inventory/device/attributes`, token, { method, body }),
  };
}

export interface MenderDeployment {
  readonly id: string;
  readonly artifact: {
    readonly artifact_name: string;
    readonly device_types_compatible: readonly string[];
    readonly source: { readonly uri: string; readonly expire: string };
  };
}

export const deploymentIn = ({ body }: ClientAnswer): MenderDeployment => body as unknown as MenderDeployment;

const statuses: Readonly<Record<Report['state'], string>> = {
  downloading: 'downloading',
  installing: 'installing',
  succeeded: 'success',
  failed: 'failure',
};

/** For the contract of handlers. */
export const menderGateway: HandlerUnderTest['gateway'] = async ({ token }, { address }) => {
  const calls = menderCalls(address, token);
  function taken(answer: ClientAnswer): ClientAnswer {
    if (answer.status < 400) return answer;
    const { code } = answer.body;
    const retryAfterMs = Number(answer.headers.get('retry-after') ?? 0) * 1_000;
    const failures: Record<number, string> = { 401: 'unauthenticated', 421: 'wrongNode', 429: 'unavailable' };
    const failure = failures[answer.status] ?? (answer.status >= 500 ? 'unavailable' : 'refused');
    throw Object.assign(new Error(`it was answered by ${answer.status}`), { failure, code, retryAfterMs });
  }
  return {
    async tasks() {
      const answer = taken(await calls.next());
      const tasks = answer.status === 204 ? [] : [{ deliveryId: deploymentIn(answer).id }];
      return { tasks, profileWanted: false };
    },
    async report(reports) {
      for (const { deliveryId, state } of reports) taken(await calls.status(deliveryId, statuses[state]));
      return null;
    },
    async sendProfile({ name }) {
      taken(await calls.inventory([{ name: 'name', value: name ?? 'x' }]));
    },
    async sendTooMuch() {
      const answer = await calls.inventory([{ name: 'name', value: 'x'.repeat(1024 * 1024) }]);
      if (answer.status !== 413) throw new Error(`it was answered by ${answer.status}`);
    },
    close: async () => undefined,
  };
};
