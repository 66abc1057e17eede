/** The handler with a broker of somebody else: Debian's Mosquitto, with the rules that LEONORE writes for it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { connectAsync } from 'mqtt';
import { writeFile } from 'node:fs/promises';
import { obtainMosquitto, startMosquitto, type Mosquitto } from '../../tests/support/mosquitto.js';
import { mqttGateway } from '../../tests/support/mqtt-gateway.js';
import { describeHandlerContract } from '../testing/handler-contract.js';
import { mosquittoAcl } from './mosquitto-acl.js';
import { mqtt } from './mqtt-handler.js';

const installed = await obtainMosquitto();
const started: Mosquitto[] = [];
const directories: string[] = [];

async function start(): Promise<Mosquitto> {
  if (installed === null) throw new Error('there is no Mosquitto');
  const directory = await mkdtemp(join(tmpdir(), 'leonore-mosquitto-'));
  directories.push(directory);
  const aclFile = join(directory, 'acl');
  await writeFile(aclFile, mosquittoAcl('leonore'));
  const broker = await startMosquitto(installed, directory, aclFile);
  started.push(broker);
  return broker;
}

afterAll(async () => {
  for (const broker of started) await broker.stop();
  for (const directory of directories) await rm(directory, { recursive: true, force: true });
});

if (installed === null) {
  test.skip('Mosquitto is not installed, and its packages cannot be had here', () => undefined);
} else {
  describeHandlerContract('MQTT, by Mosquitto', {
    protocol: mqtt,
    environment: async () => ({ LEONORE_MQTT_BROKER: (await start()).url }),
    strategy: 'push',
    gateway: mqttGateway,
  });

  describe('Mosquitto, by the rules that are written for it,', () => {
    test('lets a gateway read and write its own topics alone, by wildcards too', async () => {
      const { url } = await start();
      const node = await connectAsync(url);
      const { protocol, host } = new URL(url);
      const [own, other] = await Promise.all(
        ['gw-a', 'gw-b'].map((username) =>
          connectAsync(`${protocol}//${host}`, { username, clientId: username }),
        ),
      );
      if (own === undefined || other === undefined) throw new Error('both are connected');
      const heard: string[] = [];
      own.on('message', (topic) => heard.push(`own ${topic}`));
      node.on('message', (topic) => heard.push(`node ${topic}`));
      await own.subscribeAsync(['#', 'leonore/v1/node-1/gw-b/answers', 'leonore/v1/+/gw-b/notices'], {
        qos: 1,
      });
      await node.subscribeAsync('leonore/v1/node-1/#', { qos: 1 });
      // The broker acknowledges what it does not pass on, too.
      await own.publishAsync('leonore/v1/node-1/gw-b/requests/tasks', 'x', { qos: 1 });
      await own.publishAsync('leonore/v1/node-1/gw-b/answers', 'x', { qos: 1 });
      await own.publishAsync('leonore/v1/node-1/gw-a/answers', 'x', { qos: 1 });
      await other.publishAsync('leonore/v1/node-1/gw-b/requests/tasks', 'x', { qos: 1 });
      await node.publishAsync('leonore/v1/node-1/gw-b/answers', 'x', { qos: 1 });
      const last = new Promise((resolve) => own.once('message', resolve));
      await node.publishAsync('leonore/v1/node-1/gw-a/answers', 'x', { qos: 1 });
      await last;
      await Promise.all([own, other, node].map((client) => client.endAsync()));
      expect(heard.filter((line) => line.startsWith('own'))).toEqual(['own leonore/v1/node-1/gw-a/answers']);
      expect(heard.filter((line) => line.startsWith('node')).sort()).toEqual([
        'node leonore/v1/node-1/gw-a/answers',
        'node leonore/v1/node-1/gw-b/answers',
        'node leonore/v1/node-1/gw-b/requests/tasks',
      ]);
    });
  });
}
