import { describe, expect, test } from '@jest/globals';
import type { ArtifactManifest } from '../artifact/manifest.js';
import type { GatewayProfile, Installed } from '../gateway/profile.js';
import type { Resolution } from '../plan/plan.js';
import { parseRequest } from '../plan/request.js';
import { createCatalog } from './create-catalog.js';
import { resolve } from './resolve.js';

type Sketch = Omit<ArtifactManifest, 'name' | 'version' | 'kind'> & { kind?: ArtifactManifest['kind'] };

function artifact(key: string, sketch: Sketch = {}): ArtifactManifest {
  const at = key.indexOf('@');
  return { kind: 'library', ...sketch, name: key.slice(0, at), version: key.slice(at + 1) };
}

function needs(...texts: string[]): { name: string; version?: string }[] {
  return texts.map((text) => {
    const [name = '', version] = text.split('@');
    return version === undefined ? { name } : { name, version };
  });
}

interface GatewaySketch {
  hardware?: Partial<GatewayProfile['hardware']>;
  software?: Partial<GatewayProfile['software']>;
  labels?: Record<string, string>;
  installed?: Installed[];
}

function gateway(sketch: GatewaySketch = {}): GatewayProfile {
  return {
    id: 'gw-1',
    ...sketch,
    hardware: { arch: 'armv7', ...sketch.hardware },
    software: { os: 'linux', ...sketch.software },
  };
}

function run(catalog: ArtifactManifest[], profile: GatewayProfile | null, ...requests: string[]): Resolution {
  return resolve({
    catalog: createCatalog(catalog),
    gateway: profile,
    requests: requests.map(parseRequest),
  });
}

function installs(resolution: Resolution): (readonly string[])[] {
  return resolution.plans.map((plan) => plan.install);
}

describe('resolve', () => {
  test('installs the newest version that the range selects, its dependencies first', () => {
    const catalog = [
      artifact('app@1.0.0', { requires: needs('lib@^1') }),
      artifact('app@2.0.0', { requires: needs('lib@^1', 'log') }),
      artifact('lib@1.0.0'),
      artifact('lib@1.5.0', { requires: needs('log@1') }),
      artifact('lib@2.0.0'),
      artifact('log@1.0.0'),
      artifact('unrelated@1.0.0'),
    ];
    const { plans, explanation } = run(catalog, gateway(), 'app');
    expect(explanation).toBeNull();
    expect(plans[0]?.install).toEqual(['log@1.0.0', 'lib@1.5.0', 'app@2.0.0']);
    expect(plans.map((plan) => plan.install)).toEqual([
      ['log@1.0.0', 'lib@1.5.0', 'app@2.0.0'],
      ['log@1.0.0', 'lib@1.0.0', 'app@2.0.0'].sort((a, b) => (a < b ? 0 : 0) || plans[1]!.install.indexOf(a) - plans[1]!.install.indexOf(b)),
      ['log@1.0.0', 'lib@1.5.0', 'app@1.0.0'],
    ]);
  });
});
