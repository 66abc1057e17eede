/**
 * Devices that keep the client they have: SWUpdate with its client of hawkBit, and mender-client, as Debian has them, where these
 * can be had. What they are given is an image of the thermometer's first version; its libraries are in their firmware, they say.
 */
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BoundedLog } from '../../stack/bounded-log.js';
import { spawnGuarded } from '../../stack/guarded-process.js';
import type { LeonoreApi, NodeView } from '../api.js';
import type { Cleanups } from '../cleanups.js';
import type { ClientCommand } from '../clients/client-process.js';
import type { UnpackedPackages } from '../clients/debian-packages.js';
import { makeMenderArtifact, menderCommand, obtainMenderClient } from '../clients/mender-client.js';
import { makeImage, makeImageKey, obtainSwupdate, swupdateCommand } from '../clients/swupdate.js';
import { until } from '../until.js';
import { demoLabels } from './demo-fleet.js';
import type { ImageVariant } from './prepared-artifacts.js';

const graceMs = 8_000;
const waitMs = 60_000;
/** The version that has images. */
export const imageVersion = '1.0.0';
const arch = 'armv7';
/** What their firmware has of what the thermometer needs. */
export const firmware = { 'sensor-driver': '1.0.0', 'http-post': '1.0.0' } as const;
const attributes = {
  ...{ arch, os: 'linux' },
  ...Object.fromEntries(Object.entries(firmware).map(([name, version]) => [`tool.${name}`, version])),
};
/** What an image leaves on a device. */
export const imageContent = `thermometer ${imageVersion}`;

/** One device. */
interface OwnClient {
  readonly id: string;
  readonly name: string;
  readonly protocol: 'hawkbit' | 'mender';
  readonly packages: UnpackedPackages;
}

/** The devices that take part. */
export type OwnClients = readonly OwnClient[];

/** Fetches the clients that are not there yet. @returns those that run here */
export async function findOwnClients(): Promise<OwnClients> {
  const [swupdate, mender] = await Promise.all([obtainSwupdate(), obtainMenderClient()]);
  return [
    ...(swupdate === null
      ? []
      : [{ id: 'swupdate-1', name: 'SWUpdate', protocol: 'hawkbit' as const, packages: swupdate }]),
    ...(mender === null
      ? []
      : [{ id: '02:00:00:00:10:01', name: 'mender-client', protocol: 'mender' as const, packages: mender }]),
  ];
}

/** One line for people: which there are. */
export function describeOwnClients(clients: OwnClients): string {
  if (clients.length === 0) return 'neither SWUpdate nor mender-client is to be had here';
  return `${clients.map(({ id, name }) => `${id} runs ${name}`).join(', ')} as Debian has it`;
}

/** Makes the images that they take. @param directory that they and their devices have */
export async function makeImages(clients: OwnClients, directory: string): Promise<ImageVariant[]> {
  return Promise.all(
    clients.map(async ({ id, protocol, packages }) => {
      if (protocol === 'mender') {
        const name = `thermometer-${imageVersion}`;
        const path = await makeMenderArtifact(packages, directory, {
          name,
          fileName: 'thermometer',
          content: imageContent,
        });
        return { format: 'mender', arch, fileName: `${name}.mender`, bytes: await readFile(path) };
      }
      const path = installedPath(directory, { id, protocol });
      const keys = await makeImageKey(directory);
      const bytes = await makeImage(directory, keys, { version: imageVersion, path, content: imageContent });
      return { format: 'swu', arch, fileName: 'thermometer.swu', bytes };
    }),
  );
}

/** Where a device has what it has installed. */
function installedPath(directory: string, { id, protocol }: Pick<OwnClient, 'id' | 'protocol'>): string {
  return protocol === 'mender'
    ? join(directory, 'mender', 'data', 'thermometer')
    : join(directory, id, 'thermometer');
}

/** Devices that run. */
export interface RunningClients {
  /**
   * A device that has got an image restarts, and what comes up then says that all is well: mender-client does so by itself,
   * SWUpdate is started anew here.
   */
  restartOnceInstalled(): Promise<void>;
}

interface Surroundings {
  readonly api: LeonoreApi;
  /** The node whose gateways they become: they cannot be sent to another. */
  readonly node: NodeView;
  readonly directory: string;
}

/** Starts a device for each client, and waits until LEONORE has them. */
export async function startOwnClients(
  clients: OwnClients,
  { api, node, directory }: Surroundings,
  cleanups: Cleanups,
): Promise<RunningClients> {
  if (clients.length === 0) return { restartOnceInstalled: () => Promise.resolve() };
  const token = await api.createEnrolment({
    ...{ name: 'own-clients', keyless: true },
    labels: { ...demoLabels, client: 'own' },
  });
  const devices = await Promise.all(
    clients.map(async (client) => {
      const endpoint = node.endpoints.find(({ protocol }) => protocol === client.protocol);
      if (endpoint === undefined) throw new Error(`${node.id} does not speak ${client.protocol}`);
      const told = { url: new URL(endpoint.address).origin, token, directory };
      const device = await startDevice(client, await commandOf(client, told), directory);
      cleanups.add(() => device.end());
      return { client, told, device };
    }),
  );
  await until(
    async () => {
      const known = await Promise.all(clients.map(({ id }) => api.architectureOf(id)));
      // Of a device that has not told what it is nothing can be planned.
      return known.every((told) => told === arch);
    },
    waitMs,
    'the devices with a client of their own have said what they are',
  );
  return {
    async restartOnceInstalled() {
      for (const { client, told, device } of devices) {
        if (client.protocol !== 'hawkbit') continue;
        await until(() => isThere(installedPath(directory, client)), waitMs, `${client.id} has its image`);
        await device.end();
        const again = await startDevice(client, await commandOf(client, { ...told, isNew: true }), directory);
        cleanups.add(() => again.end());
      }
    },
  };
}

/** Of each device, what lies on its disk where the thermometer belongs; nothing when nothing does. */
export async function imagesOnDisk(
  clients: OwnClients,
  directory: string,
): Promise<ReadonlyMap<string, string>> {
  const found = clients.map(async (client) => {
    const text = await readFile(installedPath(directory, client), 'utf8').catch(() => '');
    return [client.id, text] as const;
  });
  return new Map(await Promise.all(found));
}

function commandOf(
  { id, protocol, packages }: OwnClient,
  {
    url,
    token,
    directory,
    isNew = false,
  }: { url: string; token: string; directory: string; isNew?: boolean },
): Promise<ClientCommand> {
  if (protocol === 'mender')
    return menderCommand(packages, join(directory, 'mender'), {
      url,
      mac: id,
      tenantToken: token,
      attributes,
    });
  const certificate = join(directory, 'image.crt');
  const told = {
    url,
    id,
    gatewayToken: token,
    certificate,
    attributes,
    ...(isNew ? { confirm: 2 as const } : {}),
  };
  return swupdateCommand(packages, join(directory, id), told);
}

async function startDevice(
  { id }: OwnClient,
  command: ClientCommand,
  directory: string,
): Promise<{ end(): Promise<void> }> {
  const log = new BoundedLog(join(directory, `${id}.log`));
  const device = await spawnGuarded({ ...command, log, orphan: { signal: 'TERM', graceMs } });
  return {
    async end() {
      if (device.isRunning()) await device.end('SIGTERM', graceMs);
      log.close();
    },
  };
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
