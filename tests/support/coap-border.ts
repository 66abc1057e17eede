import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll } from '@jest/globals';
import { coap } from '../../connectivity/coap/coap-handler.js';
import { issueGatewayToken } from '../../connectivity/gateway-token.js';
import { pathOptions, type CoapMessage } from '../../domain/agent-protocol/coap-message.js';
import { devicePaths } from '../../domain/agent-protocol/messages.js';
import { plainTokenOf } from '../../trust/plain-token.js';
import { clientBed, type ClientBed } from './client-bed.js';
import { rawCoap, type RawCoap } from './raw-coap.js';
import { profileOf, registrationOf } from './test-repositories.js';

/** What CoAP is listened to with here. */
export const coapEnvironment = {
  LEONORE_COAP_PORT: '0',
  LEONORE_PUSH_ADDRESSES: '127.0.0.0/8',
  LEONORE_ADDRESS_BUDGET: '100000',
};

export type Question = Partial<CoapMessage> & Pick<CoapMessage, 'code'>;

export const query = (name: string, value: string) => ({
  name: 'Uri-Query',
  value: Buffer.from(`${name}=${value}`),
});
export const withToken = (token: string) => query('token', token);
export const jsonIn = ({ payload }: CoapMessage): unknown => JSON.parse(payload.toString());
export const tasksBy = (token: string): Question => ({
  code: '0.01',
  options: [...pathOptions(devicePaths.tasks), withToken(token)],
});

/** A node's CoAP, and datagrams as somebody writes them who need not keep to the rules. */
export class CoapBorder {
  constructor(
    readonly bed: ClientBed,
    readonly raw: RawCoap,
  ) {}

  /** A gateway of this node. @returns both forms of its token */
  async enrolled(protocols = ['coap']): Promise<{ id: string; token: string; plain: string }> {
    const id = `gw-${randomBytes(6).toString('hex')}`;
    const { token, hash } = issueGatewayToken(id);
    await this.bed.repositories.registrations.register(registrationOf(profileOf(id, { protocols }), hash));
    return { id, token, plain: plainTokenOf(token) };
  }

  async registration(
    token: string,
    id: string,
    changes: object = {},
    options: Question['options'] = [],
  ): Promise<CoapMessage & { bytes: Buffer }> {
    const body = JSON.stringify({
      profile: { id, hardware: { arch: 'armv7' }, software: { os: 'linux' }, protocols: ['coap'] },
      ...changes,
    });
    return this.raw.ask({
      code: '0.02',
      options: [...pathOptions(devicePaths.register), withToken(token), ...options],
      payload: Buffer.from(body),
    });
  }
}

/** Registers what starts and ends it; to be called at the top of a test file. @returns it, once tests run */
export function coapBorder(): () => CoapBorder {
  let border: CoapBorder | undefined;
  beforeAll(async () => {
    const bed = await clientBed(coap, coapEnvironment);
    border = new CoapBorder(bed, await rawCoap(bed.address));
  }, 120_000);
  afterAll(async () => {
    border?.raw.close();
    await border?.bed.close();
  });
  return () => {
    if (border === undefined) throw new Error('it listens before the first test');
    return border;
  };
}
