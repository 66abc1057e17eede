import type { Logger } from 'pino';
import type { Endpoint } from '../domain/gateway/endpoint.js';
import type { BlobStore } from '../repositories/blob-store.js';
import type { PushTarget } from '../repositories/delivery/delivery-repository.js';
import type { ClientEnrolment } from './client-enrolment.js';
import type { DeviceService } from './device-service.js';

/**
 * A protocol that gateways may speak, as api and nodes know it before anybody speaks it: what a file of `LEONORE_HANDLERS`
 * has as its default export. docs/connectivity.md says how one is written.
 */
export interface Protocol {
  /** Its name in profiles, endpoints and settings: lower case letters, digits, hyphens. */
  readonly name: string;
  /** @throws LeonoreError MALFORMED_INPUT when what it was configured with cannot be */
  open(options: ProtocolOptions): GatewayHandler;
}

export interface ProtocolOptions {
  /** Its configuration is its own: it reads what it knows, and nothing else. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Addresses of what LEONORE itself uses: wherever a gateway says that it is, it is not there. */
  readonly services: readonly string[];
}

/** With what a handler of this node runs. */
export interface HandlerContext {
  readonly nodeId: string;
  /** Admits gateways, answers them and takes their reports: the same for all protocols. */
  readonly service: DeviceService;
  /** Enters devices whose protocol has no registration of LEONORE's. */
  readonly clients: Pick<ClientEnrolment, 'enter' | 'register'>;
  readonly blobs: BlobStore;
  readonly logger: Logger;
}

/** Where gateways may listen to be pushed, for protocols that need an address of theirs. */
export interface AddressRules {
  /** Scheme of such an address: `http`. */
  readonly scheme: string;
  /**
   * Accepts the address of a gateway that registers.
   * @param peer who sent the registration, by its socket: what a header says of it is only what somebody wrote there
   * @throws LeonoreError MALFORMED_INPUT
   */
  check(address: string, peer: string): void;
}

/**
 * Speaks one protocol with gateways (paper, III-C 5: gateways of the same protocol and strategy have a designated
 * handler). connectivity/testing/handler-contract.ts says what it must hold.
 *
 * INVARIANTS
 * - A gateway is who its token says, by `service`; what it names beside it is never believed.
 * - What waits in a handler is bounded, and who does not fit is told to come again.
 */
export interface GatewayHandler {
  readonly protocol: string;
  /** Null when push needs no address of the gateway. */
  readonly pushAddresses: AddressRules | null;
  /** Begins to listen. @returns where gateways find it; none when it was not configured to serve */
  start(context: HandlerContext): Promise<readonly Endpoint[]>;
  /** Tells one gateway that a task waits. @returns true when the gateway took the notice */
  notify(target: PushTarget, signal: AbortSignal): Promise<boolean>;
  close(): Promise<void>;
}
