import type { Static } from 'typebox';
import { coapPort, contentFormats } from '../../domain/agent-protocol/coap.js';
import { numberAs, pathOptions } from '../../domain/agent-protocol/coap-message.js';
import type { PushNotice } from '../../domain/agent-protocol/messages.js';
import type { Endpoint } from '../../domain/gateway/endpoint.js';
import { readEnvironment } from '../../domain/read-environment.js';
import type { PushTarget } from '../../repositories/delivery/delivery-repository.js';
import { NetworkAddressRules } from '../address-rules.js';
import type { GatewayHandler, HandlerContext, Protocol, ProtocolOptions } from '../gateway-handler.js';
import { networksOf } from '../networks.js';
import { RequestAnswerer } from './answer-request.js';
import { CoapSocket } from './coap-socket.js';
import { CoapConfigSchema } from './config.js';
import { DeviceResources } from './device-resources.js';

/** The agent protocol over CoAP, by pull and by push, packages and registration too: in the clear, for networks that are trusted. */
export const coap: Protocol = { name: 'coap', open: (options) => new CoapHandler(options) };

/** The handler for gateways that speak CoAP. */
class CoapHandler implements GatewayHandler {
  readonly protocol = coap.name;
  readonly pushAddresses: NetworkAddressRules;
  private readonly config: Static<typeof CoapConfigSchema>;
  private socket: CoapSocket | null = null;

  constructor({ environment, services }: ProtocolOptions) {
    this.config = readEnvironment(CoapConfigSchema, environment);
    this.pushAddresses = new NetworkAddressRules(
      { scheme: 'coap', defaultPort: coapPort },
      networksOf(this.config.LEONORE_PUSH_ADDRESSES, services),
    );
  }

  async start({ service, clients, blobs, logger }: HandlerContext): Promise<readonly Endpoint[]> {
    const { config, pushAddresses } = this;
    if (config.LEONORE_COAP_PORT === undefined) return [];
    const pollSeconds = config.LEONORE_COAP_POLL_SECONDS;
    const { protocol } = this;
    const resources = new DeviceResources({
      ...{ protocol, service, clients, blobs },
      ...{ pushAddresses, pollSeconds },
    });
    const answerer = new RequestAnswerer(service, resources, logger);
    this.socket = await CoapSocket.open({
      host: config.LEONORE_HOST,
      port: config.LEONORE_COAP_PORT,
      addressBudget: config.LEONORE_ADDRESS_BUDGET,
      answer: (request) => answerer.answer(request),
      logger,
    });
    return [
      {
        protocol: this.protocol,
        transport: 'udp',
        address: config.LEONORE_COAP_ADDRESS ?? this.socket.address,
        strategies: ['push', 'pull'],
        pushScheme: this.pushAddresses.scheme,
        tls: 'none',
      },
    ];
  }

  async notify({ address }: PushTarget, signal: AbortSignal): Promise<boolean> {
    if (this.socket === null || address === null || !this.pushAddresses.mayBeUsed(address)) return false;
    const { hostname, port, pathname } = new URL(address);
    const notice: PushNotice = { reason: 'task' };
    const answer = await this.socket.ask(
      {
        address: hostname.replace(/^\[|\]$/g, ''),
        port: port === '' ? coapPort : Number(port),
      },
      {
        code: '0.02',
        options: [...pathOptions(pathname), numberAs('Content-Format', contentFormats.json)],
        payload: Buffer.from(JSON.stringify(notice)),
      },
      signal,
    );
    return answer?.code.startsWith('2.') === true;
  }

  async close(): Promise<void> {
    await this.socket?.close();
  }
}
