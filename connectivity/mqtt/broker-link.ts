/** How a node reaches its gateways over MQTT: by a broker of its own or by another. */
export interface BrokerLink {
  /** Where gateways find it, without a path. */
  readonly address: string;
  readonly tls: 'none' | 'server' | 'mutual';
  /** @returns false when the broker did not take it */
  publish(topic: string, payload: string, options: { readonly retain: boolean }): Promise<boolean>;
  close(): Promise<void>;
}

/** Told of each message that a gateway has written to a topic of the node. */
export type OnMessage = (topic: string, payload: Buffer) => void;
