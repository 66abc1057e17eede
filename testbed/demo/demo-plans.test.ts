/** The demo's artifacts and gateways, put before the real resolver: the demo can only show what the plans hold. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Value } from 'typebox/value';
import { parse } from 'yaml';
import { ArtifactManifestSchema } from '../../domain/artifact/manifest.js';
import type { GatewayProfile, Installed } from '../../domain/gateway/profile.js';
import type { Resolution } from '../../domain/plan/plan.js';
import { parseRequest } from '../../domain/plan/request.js';
import { createCatalog } from '../../domain/resolver/create-catalog.js';
import { resolve } from '../../domain/resolver/resolve.js';
import { populations, profileOf } from '../virtual-gateways/population.js';
import { neededComponent } from './demo-fleet.js';
import { firmware, imageVersion } from './own-clients.js';

const artifacts = join(import.meta.dirname, '..', 'artifacts');
const manifests = readdirSync(artifacts, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) =>
    Value.Parse(
      ArtifactManifestSchema,
      parse(readFileSync(join(artifacts, entry.name, 'artifact.yaml'), 'utf8')),
    ),
  );
const catalog = createCatalog(manifests);

function gateway(kindName: string, installed: Installed[] = []): GatewayProfile {
  const kinds = populations.building.filter((kind) => kind.name === kindName);
  return { ...profileOf({ kinds, seed: 1, prefix: 'gw', labels: {} }, 0, ['pull']), installed };
}

function plansFor(request: string, profile: GatewayProfile): Resolution {
  return resolve({ catalog, gateway: profile, requests: [parseRequest(request)] });
}

const legacy = { name: 'thermo-legacy', version: '0.9.0', installedSize: 4_096, requested: true };
const firstVersion = ['sh-decimal', 'probe-driver', 'http-post', 'thermometer'].map((name) => ({
  name,
  version: '1.0.0',
  installedSize: 4_096,
  requested: name === 'thermometer',
}));

describe('plans of the demo', () => {
  test.each(['room-controller', 'floor-controller'])(
    '%s: the newest driver first, whose build fails; then the one before',
    (kind) => {
      const { plans } = plansFor('thermometer@^1', gateway(kind));
      const drivers = plans.map((plan) => plan.install.find((key) => key.startsWith('probe-driver')));
      expect(drivers[0]).toBe('probe-driver@1.1.0');
      expect(drivers).toContain('probe-driver@1.0.0');
      expect(plans[0]?.install).toContain('sh-decimal@1.0.0');
      const expected = kind === 'room-controller' ? 'armv7' : 'x86_64';
      const thermometer = plans[0]?.artifacts.find((artifact) => artifact.name === 'thermometer');
      expect(thermometer?.variant).toContain(expected);
    },
  );

  test('the optional log of readings comes only where there is an SD card', () => {
    const logOf = (kind: string): boolean =>
      plansFor('thermometer@^1', gateway(kind)).plans[0]?.install.includes('reading-log@1.0.0') === true;
    expect(logOf('floor-controller')).toBe(true);
    expect(logOf('room-controller')).toBe(false);
  });

  test('the old thermometer goes', () => {
    const { plans } = plansFor('thermometer@^1', gateway('room-controller', [legacy]));
    expect(plans.map((plan) => plan.remove)).toEqual(plans.map(() => ['thermo-legacy@0.9.0']));
  });

  test('without a probe there is no plan, and the reason is the probe', () => {
    const { plans, explanation } = plansFor('thermometer@^1', gateway('light-controller'));
    expect(plans).toEqual([]);
    expect(explanation).toContain(neededComponent);
  });

  test.each(['swu', 'mender'] as const)('a device that takes %s gets the image alone', (format) => {
    const images = createCatalog(
      manifests.map((manifest) =>
        manifest.name === 'thermometer' && manifest.version === imageVersion
          ? {
              ...manifest,
              variants: [
                ...(manifest.variants ?? []),
                { format, platform: { arch: 'armv7' }, directory: format },
              ],
            }
          : manifest,
      ),
    );
    const tools = Object.entries(firmware).map(([name, version]) => ({ name, version }));
    const device = {
      id: 'device',
      hardware: { arch: 'armv7' },
      software: { os: 'linux', tools, formats: [format] },
    };
    const { plans } = resolve({
      catalog: images,
      gateway: device,
      requests: [parseRequest('thermometer@^1')],
    });
    expect(plans.map(({ install }) => install)).toEqual([['thermometer@1.0.0']]);
  });

  test('version 2 replaces version 1 with all its libraries', () => {
    const { plans } = plansFor('thermometer@^2', gateway('room-controller', firstVersion));
    expect([...(plans[0]?.install ?? [])].sort()).toEqual([
      'http-post@2.0.0',
      'probe-driver@2.0.0',
      'sh-decimal@2.0.0',
      'thermometer@2.0.0',
    ]);
    expect([...(plans[0]?.remove ?? [])].sort()).toEqual([
      'http-post@1.0.0',
      'probe-driver@1.0.0',
      'sh-decimal@1.0.0',
      'thermometer@1.0.0',
    ]);
  });
});
