/**
 * Seeded populations of gateways: hardware, tools, components and what is installed. A profile is computed from
 * seed and index whenever it is needed, so a fleet of thousands holds none of them in memory.
 */
import type { Component, GatewayProfile, Installed } from '../../domain/gateway/profile.js';
import { createRandom, seedOf } from '../random.js';

const MiB = 1024 * 1024;

/** A model of gateway, as a building's operator would name it. */
export interface HardwareKind {
  readonly name: string;
  /** Share of the population, relative to the other kinds. */
  readonly weight: number;
  readonly arch: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  readonly kernel: string;
  readonly libc: string;
  readonly components: readonly Component[];
  readonly tools: readonly Component[];
  /** Packages that a part of these gateways (`share`, 0 to 1) has had since before LEONORE. */
  readonly installed: readonly { readonly share: number; readonly package: Installed }[];
}

const busybox = { name: 'busybox', version: '1.35.0' };
const probe = { name: 'thermometer-probe', version: '1.0.0' };
const gpio = { name: 'gpio', version: '1.0.0' };
const sdCard = { name: 'sd-card', version: '1.0.0' };
const legacy = {
  name: 'thermo-legacy',
  version: '0.9.0',
  installedSize: 4_096,
  requested: true,
};

const roomController: HardwareKind = {
  name: 'room-controller',
  weight: 1,
  arch: 'armv7',
  cpus: 1,
  memoryBytes: 64 * MiB,
  diskBytes: 16 * MiB,
  kernel: '3.10.0',
  libc: 'musl',
  components: [gpio, probe],
  tools: [busybox],
  installed: [],
};

const floorController: HardwareKind = {
  name: 'floor-controller',
  weight: 1,
  arch: 'x86_64',
  cpus: 2,
  memoryBytes: 512 * MiB,
  diskBytes: 256 * MiB,
  kernel: '5.10.0',
  libc: 'glibc',
  components: [probe, sdCard],
  tools: [busybox, { name: 'curl', version: '7.88.1' }],
  installed: [],
};

const lightController: HardwareKind = {
  ...roomController,
  name: 'light-controller',
  components: [gpio],
};

/** The populations to choose from by name. */
export const populations = {
  /** One kind of hardware, as the paper's test bed replicated the snapshot of one real gateway. */
  uniform: [roomController],
  /** Likewise, with hardware that a Java virtual machine fits on. */
  controllers: [floorController],
  /** Two kinds that differ in instruction set, disk and tools; every gateway can take the thermometer. */
  mixed: [roomController, floorController],
  /**
   * A building: as `mixed`, some with an old thermometer that stands in the way, and one gateway in twenty
   * without a probe, which cannot take the thermometer.
   */
  building: [
    { ...roomController, weight: 10, installed: [{ share: 0.1, package: legacy }] },
    { ...floorController, weight: 9 },
    { ...lightController, weight: 1 },
  ],
} as const satisfies Record<string, readonly HardwareKind[]>;

export type PopulationName = keyof typeof populations;

export const populationNames = Object.keys(populations) as PopulationName[];

export interface Population {
  readonly kinds: readonly HardwareKind[];
  readonly seed: number;
  /** Ids are `<prefix>-<index>`. */
  readonly prefix: string;
  /** Labels that every gateway bears, beside `kind` and `virtual`. */
  readonly labels: Readonly<Record<string, string>>;
}

export function gatewayId(population: Population, index: number): string {
  return `${population.prefix}-${index}`;
}

/** The profile of gateway `index`: always the same for the same population. */
export function profileOf(
  population: Population,
  index: number,
  strategies: readonly string[],
): GatewayProfile {
  const id = gatewayId(population, index);
  const random = createRandom(seedOf(population.seed, id));
  const kind = chooseKind(population.kinds, random());
  const installed = kind.installed.filter(({ share }) => random() < share).map((entry) => entry.package);
  return {
    id,
    name: `${kind.name} ${index}`,
    mac: macOf(random),
    hardware: {
      arch: kind.arch,
      cpus: kind.cpus,
      memoryTotal: kind.memoryBytes,
      memoryFree: Math.floor(kind.memoryBytes * (0.3 + 0.5 * random())),
      diskTotal: kind.diskBytes,
      diskFree: Math.floor(kind.diskBytes * (0.4 + 0.5 * random())),
      load: Math.round(random() * 100) / 100,
      components: [...kind.components],
    },
    software: { os: 'linux', kernel: kind.kernel, libc: kind.libc, tools: [...kind.tools] },
    strategies: [...strategies],
    protocols: ['http'],
    labels: { ...population.labels, kind: kind.name, virtual: 'true' },
    installed,
  };
}

function chooseKind(kinds: readonly HardwareKind[], drawn: number): HardwareKind {
  let rest = drawn * kinds.reduce((sum, kind) => sum + kind.weight, 0);
  for (const kind of kinds) {
    rest -= kind.weight;
    if (rest < 0) return kind;
  }
  const last = kinds.at(-1);
  if (last === undefined) throw new RangeError('a population needs at least one kind of hardware');
  return last;
}

/** A locally administered unicast address, so that it never equals that of a real device. */
export function macOf(random: () => number): string {
  const octets = Array.from({ length: 5 }, () =>
    Math.floor(random() * 256)
      .toString(16)
      .padStart(2, '0'),
  );
  return ['02', ...octets].join(':');
}
