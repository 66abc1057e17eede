import type { Logger } from 'pino';
import type { Channel } from '../domain/gateway/negotiate.js';
import type { BlobStore } from '../repositories/blob-store.js';
import type { PushTarget } from '../repositories/delivery/delivery-repository.js';
import type { PushAddresses } from './http/push-address.js';
import type { TlsFiles } from './http/tls.js';
import type { RequestBudgets } from './http/request-budgets.js';
import type { DeviceService } from './device-service.js';

/** Where and with what a handler of this node runs. */
export interface HandlerContext {
  readonly service: DeviceService;
  readonly blobs: BlobStore;
  readonly logger: Logger;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Where gateways may be notified. */
  readonly pushAddresses: PushAddresses;
  /** Null: without TLS. */
  readonly tls: TlsFiles | null;
  /** How much it answers whom. */
  readonly budgets: RequestBudgets;
}

/**
 * Speaks one protocol with gateways (paper, III-C 5: gateways of the same protocol and strategy have a designated
 * handler). Offers pull, push, or both.
 */
export interface GatewayHandler {
  readonly protocol: string;
  readonly strategies: readonly string[];
  /** Begins to listen. @returns the address that gateways are given */
  start(context: HandlerContext): Promise<string>;
  /** Tells one gateway that a task waits. @returns true when the gateway took the notice */
  notify(target: PushTarget, signal: AbortSignal): Promise<boolean>;
  close(): Promise<void>;
}

/** The channels that handlers serve, in LEONORE's order of preference. */
export function channelsOf(handlers: readonly GatewayHandler[]): Channel[] {
  return handlers.flatMap(({ protocol, strategies }) =>
    strategies.map((strategy) => ({ protocol, strategy })),
  );
}
