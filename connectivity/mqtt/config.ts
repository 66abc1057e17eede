import Type from 'typebox';
import { listenerConfig } from '../../serving/config.js';

/** What the handler for MQTT is told; docs/configuration.md has the table. It serves where it has a port or a broker. */
export const MqttConfigSchema = Type.Object({
  LEONORE_HOST: listenerConfig.LEONORE_HOST,
  LEONORE_TLS_CERT: listenerConfig.LEONORE_TLS_CERT,
  LEONORE_TLS_KEY: listenerConfig.LEONORE_TLS_KEY,
  LEONORE_TLS_CLIENT_CA: listenerConfig.LEONORE_TLS_CLIENT_CA,
  /** Port of the node's own broker; 0 takes a free one. */
  LEONORE_MQTT_PORT: Type.Optional(Type.Integer({ minimum: 0, maximum: 65_535 })),
  /** Another broker, with user and password where it wants them, instead of the node's own. */
  LEONORE_MQTT_BROKER: Type.Optional(Type.String({ pattern: '^mqtts?://' })),
  /** Address that gateways are given, when it is not that of the port or the broker. */
  LEONORE_MQTT_ADDRESS: Type.Optional(Type.String({ pattern: '^mqtts?://[^/?#]+$' })),
  /** File for the rules by which Mosquitto lets gateways have their own topics alone; written at the start. */
  LEONORE_MQTT_ACL_FILE: Type.Optional(Type.String({ minLength: 1 })),
  /** Connections that the node's own broker takes. */
  LEONORE_MQTT_CONNECTIONS: Type.Integer({ minimum: 1, maximum: 1_000_000, default: 10_000 }),
});
