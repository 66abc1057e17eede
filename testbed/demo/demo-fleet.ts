/**
 * The gateways of the demo: a dozen real agents of three kinds of hardware, two BusyBox agents on hardware that is this
 * machine's, and virtual gateways beside them.
 */
import type { Component } from '../../domain/gateway/profile.js';
import {
  gatewayId,
  populations,
  profileOf,
  type HardwareKind,
  type Population,
} from '../virtual-gateways/population.js';
import { agentChannels, pullChannel, type DemoChannel } from './demo-channels.js';

/** Label that all gateways of the demo bear: its deployment selects by it. */
export const demoLabels = { site: 'demo' } as const;

export const virtualPopulation: Population = {
  kinds: populations.building,
  seed: 20_141,
  prefix: 'virtual',
  labels: demoLabels,
};

/** Component that the thermometer needs in the end, through its driver. */
export const neededComponent = 'thermometer-probe';

export interface RealGateway {
  readonly id: string;
  readonly kind: HardwareKind;
  readonly channel: DemoChannel;
  /** Had the old thermometer before: the demo installs it first, so that there is something real to remove. */
  readonly hasLegacy: boolean;
}

/**
 * The gateways with BusyBox alone; the first had the old thermometer. What their agents say of the hardware is measured,
 * but for the probe.
 * @param arch of this machine, as the agent will report it
 */
export function busyBoxGateways(arch: string): readonly RealGateway[] {
  const kind = { ...populations.uniform[0], name: 'busybox-controller', arch };
  return [1, 2].map((index) => ({
    id: `busybox-${index}`,
    kind,
    channel: pullChannel,
    hasLegacy: index === 1,
  }));
}

/** Number of real agents by kind. */
const realAgents = { 'room-controller': 5, 'floor-controller': 5, 'light-controller': 2 } as const;

/** The real agents: each channel in turns; the first two of the first two kinds had the old thermometer. */
export function realGateways(): readonly RealGateway[] {
  return populations.building.flatMap((kind) =>
    Array.from({ length: realAgents[kind.name as keyof typeof realAgents] }, (_, index) => ({
      id: `${kind.name}-${index + 1}`,
      kind,
      channel: agentChannels[index % agentChannels.length] ?? pullChannel,
      hasLegacy: canTakeThermometer(kind.components) && index < 2,
    })),
  );
}

export function canTakeThermometer(components: readonly Component[]): boolean {
  return components.some((component) => component.name === neededComponent);
}

/** Ids of the virtual gateways that cannot take the thermometer; known from the population, not from LEONORE. */
export function incompatibleVirtualIds(count: number): string[] {
  return Array.from({ length: count }, (_, index) => index)
    .filter((index) => {
      const profile = profileOf(virtualPopulation, index, ['pull']);
      return !canTakeThermometer(profile.hardware.components ?? []);
    })
    .map((index) => gatewayId(virtualPopulation, index));
}
