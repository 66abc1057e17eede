import { mqttGateway } from '../../tests/support/mqtt-gateway.js';
import { describeHandlerContract } from '../testing/handler-contract.js';
import { mqtt } from './mqtt-handler.js';

describeHandlerContract('MQTT, a broker in the node', {
  protocol: mqtt,
  environment: async () => ({ LEONORE_MQTT_PORT: '0' }),
  strategy: 'push',
  gateway: mqttGateway,
});
