/** Devices with a client of their own and gateways with an agent, planned for together. */
import { expect, test } from '@jest/globals';
import { checkContent } from '../artifact/check-content.js';
import type { ArtifactManifest, VariantFormat } from '../artifact/manifest.js';
import { parseRequest } from '../plan/request.js';
import { createCatalog } from '../resolver/create-catalog.js';
import { gateway } from '../resolver/testing/builders.js';
import { GatewayGrouping } from './gateway-grouping.js';

const meter: ArtifactManifest = {
  name: 'meter',
  version: '2.0.0',
  kind: 'application',
  requires: [{ name: 'modem', version: '^4' }],
  variants: [
    { format: 'swu', size: 10, directory: 'swu' },
    { format: 'raw', size: 10, directory: 'raw', platform: { arch: 'armv7' } },
    { size: 100, directory: 'linux' },
  ],
};
const plain: ArtifactManifest = { name: 'plain', version: '1.0.0', kind: 'application' };
const modem = [{ name: 'modem', version: '4.2.0' }];

function device(formats?: VariantFormat[], components = modem, arch = 'armv7') {
  return gateway({
    hardware: { arch, components },
    software: formats === undefined ? {} : { formats },
  });
}

function grouped(request: string, ...profiles: ReturnType<typeof device>[]) {
  const sorted = new GatewayGrouping<number>({
    catalog: createCatalog([meter, plain]),
    requests: [parseRequest(request)],
  });
  profiles.forEach((profile, member) => sorted.add({ member, profile }));
  return sorted.groups().map(({ members, plans, explanation }) => ({
    members,
    variants: plans[0]?.artifacts.map(({ variantIndex }) => variantIndex) ?? null,
    explanation,
  }));
}

test('each takes what is of its format, and gateways with an agent none of these', () => {
  const groups = grouped('meter', device(), device(['swu']), device(['rauc', 'raw']), device());
  expect(groups.map(({ members }) => members)).toEqual([[0, 3], [1], [2]]);
  expect(groups.map(({ variants }) => variants)).toEqual([[2], [0], [1]]);
});

test('what a device lacks of hardware, platform or format is said as for all', () => {
  const [hardware] = grouped('meter', device(['swu'], []));
  const [platform] = grouped('meter', device(['raw'], modem, 'mips'));
  const [format] = grouped('meter', device(['mender']));
  expect(hardware?.explanation).toContain('modem');
  expect(platform?.explanation).toMatch(/which takes raw alone/);
  expect(format?.explanation).toMatch(/no variant for .*which takes mender alone, only for any \(swu\)/);
});

test('what has no variant is for gateways with an agent', () => {
  const [agent, other] = grouped('plain', device(), device(['swu', 'rauc', 'raw', 'mender']));
  expect(agent?.variants).not.toBeNull();
  expect(other?.variants).toBeNull();
});

test('what is delivered as it is is one file, and nothing is rendered into it', () => {
  const files = (...paths: string[]) =>
    paths.map((path) => ({ path, sha256: 'a'.repeat(64), sizeBytes: 1, mode: '0644' as const }));
  const own: ArtifactManifest = {
    name: 'meter',
    version: '2.0.0',
    kind: 'application',
    variants: [{ format: 'swu', directory: 'swu' }, { directory: 'linux' }],
    control: { start: 'run' },
  };
  expect(() => checkContent(own, files('swu/meter.swu', 'linux/run'))).not.toThrow();
  expect(() => checkContent(own, files('swu/meter.swu', 'swu/readme', 'linux/run'))).toThrow(/one file/);
  expect(() => checkContent(own, files('swu/meter.swu', 'linux/other'))).toThrow(/start script/);
  const rendered = { ...own, configurations: [{ path: 'etc/x', template: 'x' }] };
  expect(() => checkContent(rendered, files('swu/meter.swu', 'linux/run'))).toThrow(
    /nothing can be rendered/,
  );
});
