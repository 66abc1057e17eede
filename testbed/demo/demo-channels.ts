/** How the demo's gateways are spoken to: each channel that an agent has is among them. */
export interface DemoChannel {
  /** For people. */
  readonly name: string;
  readonly protocol: string;
  readonly strategy: 'pull' | 'push';
  /** What the agent is told for it, beside its strategy. */
  readonly options: readonly string[];
}

export const pullChannel: DemoChannel = {
  ...{ name: 'HTTP, asks', protocol: 'http', strategy: 'pull' },
  options: [],
};

/** In turns, one agent after the other. */
export const agentChannels: readonly DemoChannel[] = [
  pullChannel,
  { name: 'HTTP, is notified', protocol: 'http', strategy: 'push', options: [] },
  { name: 'MQTT', protocol: 'mqtt', strategy: 'push', options: ['--protocol', 'mqtt', 'http'] },
  { name: 'HTTP, holds a connection', protocol: 'http', strategy: 'push', options: ['--hold'] },
  { name: 'CoAP', protocol: 'coap', strategy: 'pull', options: ['--protocol', 'coap', 'http'] },
];

/** What the demo's nodes speak, each at a port of its own. */
export const demoProtocols = {
  LEONORE_COAP_PORT: '0',
  LEONORE_MQTT_PORT: '0',
  LEONORE_HAWKBIT_PORT: '0',
  LEONORE_HAWKBIT_POLL_SECONDS: '1',
  LEONORE_MENDER_PORT: '0',
  LEONORE_MENDER_POLL_SECONDS: '1',
} as const;
